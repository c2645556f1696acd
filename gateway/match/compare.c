#include "match/compare.h"

#include <stdlib.h>
#include <string.h>

#include "match/names.h"
#include "match/normalise.h"
#include "match/upn.h"

static int least(int a, int b)
{
    return a < b ? a : b;
}

int name_distance(const char *a, const char *b, int limit)
{
    char x[NAME_SIZE], y[NAME_SIZE];
    int rows[3][NAME_SIZE], *before = rows[0], *last = rows[1], *row = rows[2];
    int n = (int)name_squash(a, x), m = (int)name_squash(b, y), distance, nearest_before = 0;

    if (abs(n - m) > limit) {
        distance = limit + 1;
        goto out;
    }
    for (int j = 0; j <= m; j++)
        last[j] = j;
    for (int i = 1; i <= n; i++) {
        int *spare = before, nearest = i;

        row[0] = i;
        for (int j = 1; j <= m; j++) {
            row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (x[i - 1] != y[j - 1]));
            if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
            nearest = least(nearest, row[j]);
        }
        /* Each row leads on from one of the two before it. */
        if (nearest > limit && nearest_before > limit) {
            distance = limit + 1;
            goto out;
        }
        nearest_before = nearest;
        before = last;
        last = row;
        row = spare;
    }
    distance = least(last[m], limit + 1);
out:
    personal_wipe(x, sizeof x);
    personal_wipe(y, sizeof y);
    return distance;
}

/* What an ear keeps: consonants that sound alike made one, doubled ones single, and a first vowel. */
static size_t sound_of(const char *name, char out[NAME_SIZE])
{
    char x[NAME_SIZE];
    size_t n = 0, length = name_squash(name, x);

    for (size_t i = 0; i < length; i++) {
        char c = x[i], next = x[i + 1];

        if (c == 'p' && next == 'h') {
            c = 'f';
            i++;
        } else if (c == 'c') {
            c = next == 'e' || next == 'i' || next == 'y' ? 's' : 'k';
        } else if (c == 'q' || (c == 'x' && i > 0)) {
            c = 'k';
        } else if (c == 'z') {
            c = 's';
        } else if (c == 'g' && next == 'h' && i > 0) {
            i++;
            continue;
        } else if (c == 'h' && i > 0) {
            continue;
        } else if (strchr("aeiouyw", c)) {
            if (i > 0)
                continue;
            c = c == 'y' ? 'i' : c;
        }
        if (n == 0 || out[n - 1] != c)
            out[n++] = c;
    }
    out[n] = '\0';
    personal_wipe(x, sizeof x);
    return n;
}

static bool sounds_alike(const char *a, const char *b)
{
    char x[NAME_SIZE], y[NAME_SIZE];
    size_t n = sound_of(a, x);

    return n >= 2 && sound_of(b, y) == n && strcmp(x, y) == 0;
}

/* Sam and Samuel: three letters or more, and not one by a slip. */
static bool is_short_for(const char *a, const char *b)
{
    char x[NAME_SIZE], y[NAME_SIZE];
    size_t n = name_squash(a, x), m = name_squash(b, y), shorter = n < m ? n : m;

    return shorter >= 3 && n != m && memcmp(x, y, shorter) == 0;
}

static bool is_initial(const char *a, const char *b)
{
    return (strlen(a) == 1 || strlen(b) == 1) && a[0] == b[0];
}

/* A word of three letters or more that both have. */
static bool shares_word(const char *a, const char *b)
{
    char x[NAME_SIZE], y[NAME_SIZE];
    bool found = false;

    for (const char *at = a; !found && name_word(&at, x);) {
        for (const char *to = b; !found && strlen(x) >= 3 && name_word(&to, y);)
            found = strcmp(x, y) == 0;
    }
    personal_wipe(x, sizeof x);
    personal_wipe(y, sizeof y);
    return found;
}

/* names_forenames_akin, names_surnames_akin */
typedef enum names_kin akin(const char *a, const char *b);

static enum name_level level_of(const char *a, const char *b, akin *kin)
{
    size_t n = strlen(a), m = strlen(b), longer = n > m ? n : m;
    int slips, limit = longer < 4 ? 1 : longer < 6 ? 2 : 3;

    if (name_same(a, b))
        return NAME_SAME;
    if (kin(a, b) != NAMES_NOT_AKIN)
        return NAME_VARIANT;
    if (shares_word(a, b))
        return NAME_PART;
    if (is_initial(a, b))
        return NAME_INITIAL;
    slips = name_distance(a, b, limit);
    if (slips <= limit && slips <= 2 && sounds_alike(a, b))
        return NAME_SOUND;
    if (is_short_for(a, b) && slips > 1)
        return NAME_SHORT;
    if (slips == 1 && longer >= 3)
        return NAME_NEAR;
    if (is_short_for(a, b))
        return NAME_SHORT;
    return slips <= limit ? NAME_FAR : NAME_DIFFERS;
}

/* The best that any name of the one and any of the other say; the same is OTHER unless both are the
 * names in use. */
static struct name_says best_of(const char a[][NAME_SIZE], size_t na, const char b[][NAME_SIZE],
                                size_t nb, akin *kin)
{
    struct name_says best = {NAME_MISSING, 0, 0};

    for (size_t i = 0; i < na; i++) {
        for (size_t j = 0; j < nb; j++) {
            enum name_level level = level_of(a[i], b[j], kin);

            if (level == NAME_SAME && i + j > 0)
                level = NAME_OTHER;
            if (level > best.level)
                best = (struct name_says){level, i, j};
        }
    }
    return best;
}

/* "Mohammed Ali" without a middle name, and Mohammed whose middle name is Ali. */
static bool given_names_are_same(const struct person *a, const struct person *b)
{
    char x[2 * NAME_SIZE], y[2 * NAME_SIZE];
    size_t n, m;
    bool same;

    if (!a->forenames_count || !b->forenames_count)
        return false;
    n = name_squash(a->forenames[0], x);
    n += name_squash(a->middle_names, x + n);
    m = name_squash(b->forenames[0], y);
    m += name_squash(b->middle_names, y + m);
    same = n == m && memcmp(x, y, n) == 0;
    personal_wipe(x, sizeof x);
    personal_wipe(y, sizeof y);
    return same;
}

static enum agreement compare_middle_names(const struct person *a, const struct person *b)
{
    const char *x = a->middle_names, *y = b->middle_names;

    if (!*x || !*y)
        return AGREE_MISSING;
    if (name_same(x, y) || shares_word(x, y) || is_initial(x, y) || name_distance(x, y, 1) <= 1)
        return AGREE_SAME;
    return AGREE_DIFFERS;
}

/* Forename and surname in each other's place, a slip in either allowed. */
static void compare_exchanged(const struct person *child, const struct person *pupil,
                              struct comparison *out)
{
    struct name_says forename = best_of(child->surnames, child->surnames_count, pupil->forenames,
                                        pupil->forenames_count, names_forenames_akin);
    struct name_says surname = best_of(child->forenames, child->forenames_count, pupil->surnames,
                                       pupil->surnames_count, names_surnames_akin);

    if (forename.level < NAME_NEAR || surname.level < NAME_NEAR)
        return;
    out->forename = (struct name_says){NAME_EXCHANGED, 0, forename.pupil};
    out->surname = (struct name_says){NAME_EXCHANGED, 0, surname.pupil};
}

static void compare_names(const struct person *child, const struct person *pupil,
                          struct comparison *out)
{
    out->forename = best_of(child->forenames, child->forenames_count, pupil->forenames,
                            pupil->forenames_count, names_forenames_akin);
    out->surname = best_of(child->surnames, child->surnames_count, pupil->surnames,
                           pupil->surnames_count, names_surnames_akin);
    out->middle_names = compare_middle_names(child, pupil);
    if (!child->forenames_count || !pupil->forenames_count)
        return;
    if (out->forename.level < NAME_SAME && given_names_are_same(child, pupil)) {
        out->forename = (struct name_says){NAME_SAME, 0, 0};
        out->middle_names = AGREE_SAME;
    }
    if (out->forename.level < NAME_MIDDLE &&
        (shares_word(child->forenames[0], pupil->middle_names) ||
         shares_word(child->middle_names, pupil->forenames[0])))
        out->forename = (struct name_says){NAME_MIDDLE, 0, 0};
    if (out->forename.level < NAME_EXCHANGED && out->surname.level < NAME_EXCHANGED &&
        child->surnames_count && pupil->surnames_count)
        compare_exchanged(child, pupil, out);
}

/* How many digits of two numbers differ. */
static int digits_off(int a, int b)
{
    int differ = 0;

    for (; a != b; a /= 10, b /= 10)
        differ += a % 10 != b % 10;
    return differ;
}

static enum born_level compare_dates(day_t said, day_t born)
{
    int y, m, d, year, month, day;

    if (said == born)
        return BORN_SAME;
    day_to_civil(said, &y, &m, &d);
    day_to_civil(born, &year, &month, &day);
    if (y == year && m == day && d == month)
        return BORN_EXCHANGED;
    if (m == month && d == day)
        return abs(y - year) == 1 ? BORN_NEXT_YEAR : BORN_OTHER_YEAR;
    if (digits_off(y, year) + digits_off(m, month) + digits_off(d, day) == 1)
        return BORN_DIGIT;
    if (y == year && m == 1 && d == 1)
        return BORN_YEAR;
    return (y == year) + (m == month) + (d == day) == 2 ? BORN_PART : BORN_DIFFERS;
}

static enum born_level compare_born(const struct person *child, const struct person *pupil)
{
    int years;

    if (pupil->born == DAY_NONE)
        return BORN_MISSING;
    if (child->born != DAY_NONE)
        return compare_dates(child->born, pupil->born);
    if (child->age < 0 || child->seen_on == DAY_NONE)
        return BORN_MISSING;
    years = abs(day_age(pupil->born, child->seen_on) - child->age);
    return years == 0 ? BORN_AGE_FITS : years == 1 ? BORN_AGE_NEAR : BORN_AGE_DIFFERS;
}

enum { SCHOOL_AGE = 4 };

static bool is_too_young(const struct person *child, const struct person *pupil)
{
    int said = child->age;

    if (pupil->born == DAY_NONE || child->seen_on == DAY_NONE)
        return false;
    if (child->born != DAY_NONE)
        said = day_age(child->born, child->seen_on);
    return said >= 0 && said < SCHOOL_AGE && day_age(pupil->born, child->seen_on) >= SCHOOL_AGE;
}

/* A temporary number gives way to a permanent one, so that two numbers differ says nothing then. */
static enum agreement compare_upns(const char *a, const char *b)
{
    if (!*a || !*b)
        return AGREE_MISSING;
    if (strcmp(a, b) == 0)
        return AGREE_SAME;
    return upn_is_temporary(a) || upn_is_temporary(b) ? AGREE_MISSING : AGREE_DIFFERS;
}

void compare(const struct person *child, const struct person *pupil, struct comparison *out)
{
    compare_names(child, pupil, out);
    out->born = compare_born(child, pupil);
    out->too_young = is_too_young(child, pupil);
    out->sex = child->sex == SEX_UNKNOWN || pupil->sex == SEX_UNKNOWN ? AGREE_MISSING
               : child->sex == pupil->sex                             ? AGREE_SAME
                                                                      : AGREE_DIFFERS;
    out->upn = compare_upns(child->upn, pupil->upn);
    out->home = place_compare(child, pupil);
    out->school = school_compare(child, pupil);
}
