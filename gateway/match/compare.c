#include "match/compare.h"

#include <stdlib.h>
#include <string.h>

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
    int n = (int)name_squash(a, x), m = (int)name_squash(b, y), distance;

    if (abs(n - m) > limit) {
        distance = limit + 1;
        goto out;
    }
    for (int j = 0; j <= m; j++)
        last[j] = j;
    for (int i = 1; i <= n; i++) {
        int *spare = before;

        row[0] = i;
        for (int j = 1; j <= m; j++) {
            row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (x[i - 1] != y[j - 1]));
            if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
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

/* One slip in a short name, two in a longer one; below four letters a slip makes another name. */
static bool is_near(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), longer = n > m ? n : m;
    int slips = longer < 4 ? 0 : longer < 7 ? 1 : 2;

    return slips > 0 && name_distance(a, b, slips) <= slips;
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

static enum name_level level_of(const char *a, const char *b)
{
    if (name_same(a, b))
        return NAME_SAME;
    if (shares_word(a, b))
        return NAME_PART;
    if (is_near(a, b))
        return NAME_NEAR;
    return is_initial(a, b) ? NAME_INITIAL : NAME_DIFFERS;
}

/* The best that any name of the one and any of the other say; the same is OTHER unless both are the
 * names in use. */
static enum name_level best_of(const char a[][NAME_SIZE], size_t na, const char b[][NAME_SIZE],
                               size_t nb)
{
    enum name_level best = NAME_MISSING;

    for (size_t i = 0; i < na; i++) {
        for (size_t j = 0; j < nb; j++) {
            enum name_level level = level_of(a[i], b[j]);

            if (level == NAME_SAME && i + j > 0)
                level = NAME_OTHER;
            if (level > best)
                best = level;
        }
    }
    return best;
}

static bool has(const char names[][NAME_SIZE], size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (name_same(names[i], name))
            return true;
    }
    return false;
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

static void compare_names(const struct person *child, const struct person *pupil,
                          struct comparison *out)
{
    out->forename =
        best_of(child->forenames, child->forenames_count, pupil->forenames, pupil->forenames_count);
    out->surname =
        best_of(child->surnames, child->surnames_count, pupil->surnames, pupil->surnames_count);
    if (out->forename < NAME_SAME && given_names_are_same(child, pupil))
        out->forename = NAME_SAME;
    if (out->forename < NAME_PART && child->forenames_count && pupil->forenames_count &&
        (shares_word(child->forenames[0], pupil->middle_names) ||
         shares_word(child->middle_names, pupil->forenames[0])))
        out->forename = NAME_PART;
    if (out->forename < NAME_EXCHANGED && out->surname < NAME_EXCHANGED && child->forenames_count &&
        child->surnames_count && has(pupil->surnames, pupil->surnames_count, child->forenames[0]) &&
        has(pupil->forenames, pupil->forenames_count, child->surnames[0]))
        out->forename = out->surname = NAME_EXCHANGED;
}

static enum agreement compare_middle_names(const struct person *a, const struct person *b)
{
    const char *x = a->middle_names, *y = b->middle_names;

    if (!*x || !*y)
        return AGREE_MISSING;
    if (name_same(x, y) || shares_word(x, y) || is_initial(x, y) || is_near(x, y))
        return AGREE_SAME;
    return AGREE_DIFFERS;
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
    if ((y == year) + (m == month) + (d == day) == 2)
        return BORN_ONE_PART;
    return y == year && m == 1 && d == 1 ? BORN_YEAR : BORN_DIFFERS;
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

static enum agreement compare_postcodes(const char *a, const char *b)
{
    size_t n = postcode_outward(a);

    if (!*a || !*b)
        return AGREE_MISSING;
    if (postcode_is_whole(a) && strcmp(a, b) == 0)
        return AGREE_SAME;
    return n == postcode_outward(b) && memcmp(a, b, n) == 0 ? AGREE_AREA : AGREE_DIFFERS;
}

static enum agreement compare_schools(const struct person *a, const struct person *b)
{
    if (!a->schools_count || !b->schools_count)
        return AGREE_MISSING;
    for (size_t i = 0; i < a->schools_count; i++) {
        for (size_t j = 0; j < b->schools_count; j++) {
            if (strcmp(a->schools[i], b->schools[j]) == 0)
                return AGREE_SAME;
        }
    }
    return AGREE_DIFFERS;
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
    out->middle_names = compare_middle_names(child, pupil);
    out->born = compare_born(child, pupil);
    out->sex = child->sex == SEX_UNKNOWN || pupil->sex == SEX_UNKNOWN ? AGREE_MISSING
               : child->sex == pupil->sex                             ? AGREE_SAME
                                                                      : AGREE_DIFFERS;
    out->upn = compare_upns(child->upn, pupil->upn);
    out->postcode = compare_postcodes(child->postcode, pupil->postcode);
    out->school = compare_schools(child, pupil);
}

bool compare_is_one_pupil(const struct person *a, const struct person *b)
{
    return a->upn[0] && !upn_is_temporary(a->upn) && strcmp(a->upn, b->upn) == 0 &&
           strcmp(a->la_code, b->la_code) == 0 && a->born != DAY_NONE && a->born == b->born &&
           a->forenames_count && b->forenames_count &&
           name_same(a->forenames[0], b->forenames[0]) && a->surnames_count && b->surnames_count &&
           name_same(a->surnames[0], b->surnames[0]);
}
