/* gateway/registers/reach.c - which homes a children's centre serves, by the beginnings of their
 * postcodes: area "PL", district "PL4", sector "PL4 8", or all of it. */
#include <ctype.h>
#include <string.h>

#include "registers/reading.h"

enum { NAMESPACE, URN, PREFIX, COLUMNS };

static const struct csv_column columns[COLUMNS] = {
    [NAMESPACE] = {"namespace", true},
    [URN] = {"urn", true},
    [PREFIX] = {"postcode_prefix", true},
};

static bool is_area(const char *text, size_t length)
{
    return length >= 1 && length <= 2 && isupper((unsigned char)text[0]) &&
           isupper((unsigned char)text[length - 1]);
}

/* A9, A99, A9A, AA9, AA99, AA9A. */
static bool is_district(const char *text, size_t length)
{
    size_t letters = isupper((unsigned char)text[0]) && isupper((unsigned char)text[1]) ? 2 : 1;
    size_t rest = length - letters;

    if (length < 2 || !is_area(text, letters) || !isdigit((unsigned char)text[letters]))
        return false;
    return rest == 1 || (rest == 2 && isalnum((unsigned char)text[letters + 1]));
}

/* What follows the blank: 9, 9A or 9AA. */
static bool is_inward(const char *text)
{
    size_t length = strlen(text);

    return length >= 1 && length <= 3 && isdigit((unsigned char)text[0]) &&
           (length < 2 || isupper((unsigned char)text[1])) &&
           (length < 3 || isupper((unsigned char)text[2]));
}

static const char *prefix(struct reading *r)
{
    const char *text = reading_needed(r, PREFIX, 8);
    char folded[9] = "";
    size_t length = 0, outward;

    if (!text)
        return NULL;
    for (; text[length]; length++)
        folded[length] = (char)toupper((unsigned char)text[length]);
    folded[length] = '\0';
    outward = strcspn(folded, " ");
    if (outward == length ? is_area(folded, length) || is_district(folded, length)
                          : is_district(folded, outward) && is_inward(folded + outward + 1))
        return reading_scratch(r, "%s", folded);
    reading_mistake(r, PREFIX, "is no beginning of a postcode such as PL, PL4, PL4 8 or PL4 8AA");
    return NULL;
}

static int put_row(struct reading *r, const char *const *values, struct err *err)
{
    enum change change;
    int fresh = registers_seen_text(
        r->db, reading_scratch(r, "%s/%s/%s", values[0], values[1], values[2]), err);

    if (fresh < 0)
        return -1;
    if (fresh == 0) {
        reading_warning(r, PREFIX, "stands in the file already");
        return 0;
    }
    if (reading_known_door(r, URN, values[1], values[2], err) < 0)
        return -1;
    return reading_put(r, REGISTER_REACH, values, NULL, &change, NULL, err);
}

int read_reach(struct reading *r, struct err *err)
{
    const char *args[] = {r->options->la};
    int rc;

    if (r->options->complete && !r->options->la)
        return err_set(err, ERR_USAGE, "import reach: --complete needs --la: whose reach is it?");
    if (reading_open(r, columns, COLUMNS, err) < 0)
        return -1;
    while ((rc = reading_next(r, err)) == 1) {
        /* In the order of REGISTER_REACH. */
        const char *const values[] = {prefix(r), reading_needed_word(r, NAMESPACE, "centre"),
                                      reading_needed_urn(r, URN)};

        if (!r->row_refused && put_row(r, values, err) < 0)
            return -1;
    }
    if (rc == 0 && r->options->complete && r->result->mistakes.count == 0)
        rc = reading_end_absent(r, ABSENT_REACH, args, true, err);
    return rc;
}
