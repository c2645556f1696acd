#include "match/rows.h"

#include <string.h>

#include "match/normalise.h"
#include "match/place.h"
#include "match/upn.h"

bool rows_are_one_child(const struct person *a, const struct person *b)
{
    return a->upn[0] && !upn_is_temporary(a->upn) && strcmp(a->upn, b->upn) == 0 &&
           a->born != DAY_NONE && a->born == b->born && a->forenames_count && b->forenames_count &&
           name_same(a->forenames[0], b->forenames[0]);
}

bool rows_are_one_pupil(const struct person *a, const struct person *b)
{
    if (!rows_are_one_child(a, b))
        return false;
    if (strcmp(a->la_code, b->la_code) == 0 || a->standing == STANDING_LEFT ||
        b->standing == STANDING_LEFT)
        return true;
    return (a->standing == STANDING_SECOND || b->standing == STANDING_SECOND) &&
           !place_contradicts(a, b);
}

void rows_told(const struct person *rows, size_t count, bool *told)
{
    bool at_odds = false;

    for (size_t i = 0; i < count; i++) {
        told[i] = i == 0 || rows_are_one_pupil(&rows[0], &rows[i]);
        for (size_t j = 1; j < i && told[i]; j++)
            at_odds |= told[j] && !rows_are_one_pupil(&rows[i], &rows[j]);
    }
    for (size_t i = 0; i < count && at_odds; i++)
        told[i] = told[i] && strcmp(rows[i].la_code, rows[0].la_code) == 0;
}
