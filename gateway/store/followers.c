#include "store/followers.h"

#include <stdlib.h>
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

/* An entry for each establishment that has followed the entry's. */
static int add_followers(struct db *db, const struct incident_do_not_tell *entry,
                         const char *namespace, struct incident_do_not_tell **list, size_t *count,
                         struct err *err)
{
    struct door doors[FOLLOWERS_MAX], door;
    struct incident_do_not_tell *more;
    int n;

    memset(&door, 0, sizeof door);
    memccpy(door.namespace, namespace, '\0', sizeof door.namespace - 1);
    memccpy(door.urn, entry->school_urn, '\0', sizeof door.urn - 1);
    n = followers_of(db, &door, doors, err);
    if (n <= 1)
        return n < 0 ? -1 : 0;
    more = reallocarray(*list, *count + (size_t)n, sizeof *more);
    if (!more)
        return err_memory(err);
    *list = more;
    for (int i = 1; i < n; i++) {
        struct incident_do_not_tell *out = &more[(*count)++];

        *out = *entry;
        memset(out->school_urn, 0, sizeof out->school_urn);
        memccpy(out->school_urn, doors[i].urn, '\0', sizeof out->school_urn - 1);
    }
    return 0;
}

int followers_barred(struct db *db, const struct incident *incident,
                     struct incident_do_not_tell **out, size_t *count, struct err *err)
{
    struct incident_do_not_tell *list =
        calloc(incident->do_not_tell_count + 1, sizeof *incident->do_not_tell);
    size_t n = incident->do_not_tell_count;
    int rc = list ? 0 : err_memory(err);

    *out = NULL;
    *count = 0;
    for (size_t i = 0; rc == 0 && i < incident->do_not_tell_count; i++)
        list[i] = incident->do_not_tell[i];
    for (size_t i = 0; rc == 0 && i < incident->do_not_tell_count; i++) {
        const struct incident_do_not_tell *entry = &incident->do_not_tell[i];

        if (!entry->school_urn[0])
            continue;
        rc = add_followers(db, entry, "school", &list, &n, err);
        if (rc == 0)
            rc = add_followers(db, entry, "centre", &list, &n, err);
    }
    if (rc < 0) {
        free(list);
        return -1;
    }
    *out = list;
    *count = n;
    return 0;
}
