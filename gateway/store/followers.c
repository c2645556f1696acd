#include "store/followers.h"

#include <string.h>

#include "store/registers.h"

enum { AT_ONCE = 8 };

static bool has(const struct door *doors, int count, const char *urn)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(doors[i].urn, urn) == 0)
            return true;
    }
    return false;
}

int followers_of(struct db *db, const struct door *door, struct door out[FOLLOWERS_MAX],
                 struct err *err)
{
    int count = 1;

    out[0] = *door;
    for (int i = 0; i < count; i++) {
        struct door next[AT_ONCE];
        int n = registers_successors(db, &out[i], next, AT_ONCE, err);

        if (n < 0)
            return -1;
        for (int j = 0; j < n && count < FOLLOWERS_MAX; j++) {
            if (!has(out, count, next[j].urn))
                out[count++] = next[j];
        }
    }
    return count;
}
