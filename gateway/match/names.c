#include "match/names.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/personal.h"
#include "match/names_table.h"
#include "match/normalise.h"

enum { STEM_LEAST = 3 };

static struct names_table known; /* names_load at start; only read after that */

static int is_names_file(const struct dirent *e)
{
    size_t n = strlen(e->d_name);

    return n > 6 && e->d_name[0] != '.' && strcmp(e->d_name + n - 6, ".names") == 0;
}

static int read_folder(struct names_table *t, const char *folder, struct err *err)
{
    struct dirent **files;
    int n = scandir(folder, &files, is_names_file, alphasort), rc = 0;

    if (n < 0)
        return err_set(err, ERR_CONFIG, "names: %s: %s", folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        struct buf path;

        buf_init(&path, 4096);
        buf_addf(&path, "%s/%s", folder, files[i]->d_name);
        if (rc == 0)
            rc = buf_check(&path, err);
        if (rc == 0)
            rc = names_table_read(t, buf_text(&path), err);
        buf_release(&path);
        free(files[i]);
    }
    free(files);
    return rc;
}

int names_load(const char *folder, const char *own, struct err *err)
{
    struct names_table t = {0};

    if ((folder && read_folder(&t, folder, err) < 0) ||
        (own && names_table_read(&t, own, err) < 0) || names_table_sort(&t, err) < 0) {
        names_table_release(&t);
        return -1;
    }
    names_unload();
    known = t;
    return 0;
}

void names_unload(void)
{
    names_table_release(&known);
}

static const char *word_of(const struct names_line *l, size_t i)
{
    return known.texts + known.words[l->first + i];
}

/* The places of the word in that list: the first, and how many. */
static size_t places_of(enum names_list list, const char *word, const struct names_place **first)
{
    size_t low = known.first_place[list], end = known.first_place[list + 1], high = end, n = 0;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (strcmp(known.texts + known.places[middle].word, word) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *first = known.places ? known.places + low : NULL;
    while (low + n < end && strcmp(known.texts + known.places[low + n].word, word) == 0)
        n++;
    return n;
}

static bool has(const struct names_line *l, const char *word)
{
    for (size_t i = 0; i < l->count; i++) {
        if (strcmp(word_of(l, i), word) == 0)
            return true;
    }
    return false;
}

/* How a line of the list joins the two: of a line with a head, those that are not the head are
 * cousins. */
static enum names_kin joined(enum names_list list, enum names_kin as, const char *a, const char *b)
{
    const struct names_place *place;
    size_t n = places_of(list, a, &place);
    enum names_kin best = NAMES_NOT_AKIN;

    for (size_t i = 0; i < n && best < as; i++) {
        const struct names_line *l = &known.lines[place[i].line];

        if (!has(l, b))
            continue;
        best = !l->head || strcmp(word_of(l, 0), a) == 0 || strcmp(word_of(l, 0), b) == 0
                   ? as
                   : NAMES_COUSINS;
    }
    return best;
}

static bool ends_in(const char *name, size_t length, const char *ending)
{
    size_t n = strlen(ending);

    return length >= n + STEM_LEAST && memcmp(name + length - n, ending, n) == 0;
}

/* Whether both have the same stem, and endings of one line behind it. */
static bool differ_in_ending(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);

    if (strncmp(a, b, STEM_LEAST) != 0) /* nearly always, and the lists are long */
        return false;
    for (uint32_t i = known.first_line[LIST_SURNAME_ENDINGS];
         i < known.first_line[LIST_SURNAME_ENDINGS + 1]; i++) {
        const struct names_line *l = &known.lines[i];

        for (size_t j = 0; j < l->count; j++) {
            size_t stem;

            if (!ends_in(a, na, word_of(l, j)))
                continue;
            stem = na - strlen(word_of(l, j));
            if (nb < stem || memcmp(a, b, stem) != 0)
                continue;
            for (size_t k = 0; k < l->count; k++) {
                if (k != j && strcmp(b + stem, word_of(l, k)) == 0)
                    return true;
            }
        }
    }
    return false;
}

static bool differ_in_beginning(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);

    if (na < STEM_LEAST || nb < STEM_LEAST ||
        memcmp(a + na - STEM_LEAST, b + nb - STEM_LEAST, STEM_LEAST) != 0)
        return false;
    for (uint32_t i = known.first_line[LIST_SURNAME_BEGINNINGS];
         i < known.first_line[LIST_SURNAME_BEGINNINGS + 1]; i++) {
        const struct names_line *l = &known.lines[i];

        for (size_t j = 0; j < l->count; j++) {
            size_t n = strlen(word_of(l, j));

            if (strncmp(a, word_of(l, j), n) != 0 || strlen(a + n) < STEM_LEAST)
                continue;
            for (size_t k = 0; k < l->count; k++) {
                size_t m = strlen(word_of(l, k));

                if (k != j && strncmp(b, word_of(l, k), m) == 0 && strcmp(a + n, b + m) == 0)
                    return true;
            }
        }
    }
    return false;
}

/* The longest piece of a line of letters that the name goes on with; its line's first word. Asked of
 * each letter of each name compared. */
static const char *letter_at(const char *at, size_t *length)
{
    unsigned byte = (unsigned char)*at;
    const char *stands_for = NULL;

    *length = 0;
    for (uint32_t i = known.letters_from[byte]; i < known.letters_from[byte + 1]; i++) {
        const char *letters = known.texts + known.places[i].word;
        size_t n = strlen(letters);

        if (n > *length && strncmp(at, letters, n) == 0) {
            *length = n;
            stands_for = word_of(&known.lines[known.places[i].line], 0);
        }
    }
    return stands_for;
}

void names_skeleton(const char *folded, char out[NAME_SIZE])
{
    char name[NAME_SIZE];
    size_t n = 0;

    name_squash(folded, name);
    for (const char *at = name; *at;) {
        size_t length;
        const char *letters = letter_at(at, &length);

        if (!letters) {
            letters = at;
            length = 1;
        }
        for (size_t i = 0; letters[i] && n + 1 < NAME_SIZE && (letters != at || i < 1); i++) {
            if (n == 0 || out[n - 1] != letters[i]) /* a doubled letter is one */
                out[n++] = letters[i];
        }
        at += length;
    }
    out[n] = '\0';
    personal_wipe(name, sizeof name);
}

static bool skeletons_are_one(const char *a, const char *b)
{
    char x[NAME_SIZE], y[NAME_SIZE];
    bool one;

    names_skeleton(a, x);
    names_skeleton(b, y);
    one = strlen(x) >= STEM_LEAST && strcmp(x, y) == 0;
    personal_wipe(x, sizeof x);
    personal_wipe(y, sizeof y);
    return one;
}

enum names_kin names_forenames_akin(const char *a, const char *b)
{
    char x[NAME_SIZE], y[NAME_SIZE];
    enum names_kin kin = NAMES_NOT_AKIN;

    if (name_same(a, b))
        return NAMES_EQUAL;
    if (name_squash(a, x) > 0 && name_squash(b, y) > 0) {
        kin = joined(LIST_FORENAME_SPELLINGS, NAMES_SPELLING, x, y);
        if (kin == NAMES_NOT_AKIN && skeletons_are_one(x, y))
            kin = NAMES_SPELLING;
        if (kin == NAMES_NOT_AKIN)
            kin = joined(LIST_FORENAME_NICKNAMES, NAMES_NICKNAME, x, y);
    }
    personal_wipe(x, sizeof x);
    personal_wipe(y, sizeof y);
    return kin;
}

enum names_kin names_surnames_akin(const char *a, const char *b)
{
    char x[NAME_SIZE], y[NAME_SIZE];
    enum names_kin kin = NAMES_NOT_AKIN;

    if (name_same(a, b))
        return NAMES_EQUAL;
    if (name_squash(a, x) > 0 && name_squash(b, y) > 0) {
        kin = joined(LIST_SURNAME_SPELLINGS, NAMES_SPELLING, x, y);
        if (kin == NAMES_NOT_AKIN && (differ_in_beginning(x, y) || skeletons_are_one(x, y)))
            kin = NAMES_SPELLING;
        if (kin == NAMES_NOT_AKIN && differ_in_ending(x, y))
            kin = NAMES_GENDERED;
        if (kin == NAMES_NOT_AKIN)
            kin = joined(LIST_SURNAME_GENDERS, NAMES_GENDERED, x, y);
        if (kin == NAMES_NOT_AKIN)
            kin = joined(LIST_SURNAME_NICKNAMES, NAMES_NICKNAME, x, y);
    }
    personal_wipe(x, sizeof x);
    personal_wipe(y, sizeof y);
    return kin;
}

/* The words of the name's lines in that list: heads first, and all of a line of which it is head;
 * then cousins. */
static bool give_kin(enum names_list list, const char *name, bool cousins, names_take *take,
                     void *self)
{
    const struct names_place *place;
    size_t n = places_of(list, name, &place);

    for (size_t i = 0; i < n; i++) {
        const struct names_line *l = &known.lines[place[i].line];
        bool through_head = l->head && strcmp(word_of(l, 0), name) != 0;

        for (size_t j = 0; j < l->count; j++) {
            if ((through_head && j > 0) != cousins || strcmp(word_of(l, j), name) == 0)
                continue;
            if (!take(self, word_of(l, j)))
                return false;
        }
    }
    return true;
}

/* With another beginning in place of the one it has. Endings change nothing that keys are made of,
 * and one that it may have lost is found by its other end. */
static bool give_other_beginnings(const char *name, names_take *take, void *self)
{
    char other[NAME_SIZE];
    bool go_on = true;

    for (uint32_t i = known.first_line[LIST_SURNAME_BEGINNINGS];
         go_on && i < known.first_line[LIST_SURNAME_BEGINNINGS + 1]; i++) {
        const struct names_line *l = &known.lines[i];

        for (size_t j = 0; j < l->count; j++) {
            size_t n = strlen(word_of(l, j));

            if (n == 0 || strncmp(name, word_of(l, j), n) != 0 || strlen(name + n) < STEM_LEAST)
                continue;
            for (size_t k = 0; go_on && k < l->count; k++) {
                size_t m = strlen(word_of(l, k));

                if (k == j || m + strlen(name + n) >= sizeof other)
                    continue;
                memcpy(other, word_of(l, k), m);
                memcpy(other + m, name + n, strlen(name + n) + 1);
                go_on = take(self, other);
            }
        }
    }
    personal_wipe(other, sizeof other);
    return go_on;
}

void names_forename_kin(const char *name, names_take *take, void *self)
{
    char squashed[NAME_SIZE];

    name_squash(name, squashed);
    if (give_kin(LIST_FORENAME_SPELLINGS, squashed, false, take, self) &&
        give_kin(LIST_FORENAME_NICKNAMES, squashed, false, take, self))
        give_kin(LIST_FORENAME_NICKNAMES, squashed, true, take, self);
    personal_wipe(squashed, sizeof squashed);
}

void names_surname_kin(const char *name, names_take *take, void *self)
{
    char squashed[NAME_SIZE];

    name_squash(name, squashed);
    if (give_kin(LIST_SURNAME_SPELLINGS, squashed, false, take, self) &&
        give_kin(LIST_SURNAME_GENDERS, squashed, false, take, self) &&
        give_other_beginnings(squashed, take, self))
        give_kin(LIST_SURNAME_NICKNAMES, squashed, false, take, self);
    personal_wipe(squashed, sizeof squashed);
}

bool names_is_particle(const char *word)
{
    const struct names_place *place;

    return places_of(LIST_PARTICLES, word, &place) > 0;
}

bool names_is_forerunner(const char *word)
{
    const struct names_place *place;

    return places_of(LIST_FORERUNNERS, word, &place) > 0;
}
