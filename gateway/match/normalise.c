#include "match/normalise.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>
#include <unicode/uversion.h>

#include "base/attr.h"
#include "base/personal.h"

enum { WIDE = 512 }; /* UTF-16 units that a name is given on its way; a longer one is cut */

/* Marks are taken off after Any-Latin, for in Indic scripts a mark is a vowel. */
static const char rules[] = "NFKC; Any-Latin; NFD; [:Nonspacing Mark:] Remove; NFC; Latin-ASCII";

int normalise_version(void)
{
    UVersionInfo version;

    u_getVersion(version);
    return version[0];
}

static UTransliterator *to_latin; /* for the life of the process: making one takes milliseconds */

static void open_to_latin(void)
{
    UChar id[sizeof rules];
    UErrorCode status = U_ZERO_ERROR;

    u_uastrcpy(id, rules);
    to_latin = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &status);
    if (U_FAILURE(status))
        to_latin = NULL;
}

/* text as ASCII where ICU knows how; what it cannot say stays above 0x7f and is dropped later. */
static void transliterate(const char *text, size_t length, char *out, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    UChar wide[WIDE];
    UErrorCode status = U_ZERO_ERROR;
    int32_t used = 0, limit, n = 0;

    if (length > WIDE / 4)
        length = WIDE / 4;
    u_strFromUTF8WithSub(wide, WIDE, &used, text, (int32_t)length, 0xfffd, NULL, &status);
    pthread_once(&once, open_to_latin);
    limit = used;
    if (to_latin && U_SUCCESS(status)) {
        utrans_transUChars(to_latin, wide, &used, WIDE, 0, &limit, &status);
        if (status == U_BUFFER_OVERFLOW_ERROR)
            used = WIDE;
    }
    for (int32_t i = 0; i < used && n + 1 < (int32_t)size; i++) {
        if (wide[i] < 0x80)
            out[n++] = (char)wide[i];
    }
    out[n] = '\0';
    personal_wipe(wide, sizeof wide);
}

static bool stands_for_none(const char *name)
{
    static const char *const words[] = {"unknown", "not known", "n k",        "nk",
                                        "unk",     "tbc",       "not stated", "no surname"};

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (words[i][0] == name[0] && strcmp(name, words[i]) == 0)
            return true;
    }
    return false;
}

static size_t fold_ascii(const char *text, char out[NAME_SIZE])
{
    size_t n = 0;
    bool apart = false;

    for (; *text && n + 2 < NAME_SIZE; text++) {
        char c = *text;

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            if (apart && n > 0)
                out[n++] = ' ';
            apart = false;
            out[n++] = c;
        } else if (c != '\'' && c != '`' && c != '.') {
            apart = true;
        }
    }
    out[n] = '\0';
    return n;
}

/* A digit beside letters is the letter that it looks like, from a scan or a slip of the hand. */
static void digits_to_letters(char *name)
{
    for (char *word = name, *end; *word; word = *end ? end + 1 : end) {
        bool has_letter = false;

        for (end = word; *end && *end != ' '; end++)
            has_letter |= *end >= 'a' && *end <= 'z';
        for (char *c = word; has_letter && c < end; c++)
            *c = *c == '0' ? 'o' : *c == '1' ? 'l' : *c == '5' ? 's' : *c;
    }
}

size_t normalise_name(const char *text, char out[NAME_SIZE])
{
    size_t length = 0;
    unsigned char high = 0;
    size_t n;

    for (; text[length]; length++)
        high |= (unsigned char)text[length];
    if (high & 0x80) {
        char latin[WIDE];

        transliterate(text, length, latin, sizeof latin);
        n = fold_ascii(latin, out);
        personal_wipe(latin, sizeof latin);
    } else {
        n = fold_ascii(text, out);
    }
    digits_to_letters(out);
    if (stands_for_none(out)) {
        out[0] = '\0';
        n = 0;
    }
    return n;
}

static bool is_letter(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool postcode_is_whole(const char *p)
{
    size_t n = strlen(p);

    return n >= 5 && is_digit(p[n - 3]) && is_letter(p[n - 2]) && is_letter(p[n - 1]);
}

size_t postcode_outward(const char *folded)
{
    return postcode_is_whole(folded) ? strlen(folded) - 3 : strlen(folded);
}

/* A9, A99, AA9, AA99, A9A, AA9A, where the last letter is never I or O */
static bool is_outward(const char *p, size_t n)
{
    size_t area = 0;

    while (area < n && is_letter(p[area]))
        area++;
    if (area < 1 || area > 2 || n < area + 1 || n > area + 2 || !is_digit(p[area]))
        return false;
    return n == area + 1 || is_digit(p[area + 1]) ||
           (is_letter(p[area + 1]) && !strchr("IO", p[area + 1]));
}

static bool fits(const char *p)
{
    return is_outward(p, postcode_outward(p));
}

/* Where a letter can only be a digit, and the other way round, O and 0 and I and 1 are taken for
 * each other; as few of them as will do. */
static bool repair(char out[POSTCODE_SIZE])
{
    static const char letters[] = "OI", digits[] = "01";
    size_t places[POSTCODE_SIZE], n = 0;
    char best[POSTCODE_SIZE] = "", tried[POSTCODE_SIZE];
    int fewest = POSTCODE_SIZE;

    for (size_t i = 0; out[i]; i++) {
        if (strchr(letters, out[i]) || strchr(digits, out[i]))
            places[n++] = i;
    }
    for (unsigned mask = 1; mask < 1u << n; mask++) {
        int changed = 0;

        memcpy(tried, out, sizeof tried);
        for (size_t i = 0; i < n; i++) {
            char *c = &tried[places[i]];
            const char *letter = strchr(letters, *c);

            if (!(mask >> i & 1))
                continue;
            *c = letter ? digits[letter - letters] : letters[strchr(digits, *c) - digits];
            changed++;
        }
        if (changed < fewest && postcode_is_whole(tried) && fits(tried)) {
            fewest = changed;
            memcpy(best, tried, sizeof best);
        }
    }
    if (!best[0])
        return false;
    memcpy(out, best, sizeof best);
    return true;
}

void normalise_postcode(const char *text, char out[POSTCODE_SIZE])
{
    size_t n = 0;

    for (; *text && n + 1 < POSTCODE_SIZE; text++) {
        char c = *text;

        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (is_letter(c) || is_digit(c))
            out[n++] = c;
    }
    memset(out + n, 0, POSTCODE_SIZE - n);
    if (*text || (!fits(out) && !repair(out)))
        out[0] = '\0';
}

size_t name_squash(const char *folded, char out[NAME_SIZE])
{
    size_t n = 0;

    for (; *folded && n + 1 < NAME_SIZE; folded++) {
        if (*folded != ' ')
            out[n++] = *folded;
    }
    out[n] = '\0';
    return n;
}

bool name_same(const char *a, const char *b)
{
    if (!*a || !*b)
        return false;
    for (;;) {
        while (*a == ' ')
            a++;
        while (*b == ' ')
            b++;
        if (*a != *b)
            return false;
        if (!*a)
            return true;
        a++;
        b++;
    }
}

bool name_word(const char **at, char out[NAME_SIZE])
{
    size_t n = 0;

    while (**at == ' ')
        (*at)++;
    for (; **at && **at != ' ' && n + 1 < NAME_SIZE; (*at)++)
        out[n++] = **at;
    out[n] = '\0';
    return n > 0;
}
