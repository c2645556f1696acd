#include "warned.h"

#include <stdio.h>
#include <string.h>

#include "gate.h"
#include "promise.h"
#include "quiet.h"
#include "tally.h"
#include "world.h"

static void broken(const char *promise, const struct post_item *item, const char *what)
{
    promise_broken(promise, -1, "%s: %s to %s", what, item->reference, item->address);
}

bool warned_is_of(const char *reference)
{
    return strncmp(reference, "EW-", 3) == 0;
}

enum { WARNED_MOST = 4096 };
static struct sent {
    char key[40];
    int life; /* of the daemon's, in which it was sent last */
} list[WARNED_MOST];

static struct sent *find(const char *key)
{
    for (long i = 0; i < tally.warnings; i++) {
        if (strcmp(list[i].key, key) == 0)
            return &list[i];
    }
    return NULL;
}

void warned_received(const struct post_item *item, int contact)
{
    struct sent *sent = find(item->key);

    if (contact < 0 || !world_is_desk(contacts[contact].door) || contacts[contact].ended ||
        !contacts[contact].verified_at)
        broken("P3", item, "a warning to somebody who is no desk");
    if (quiet_name_in(item->text))
        broken("P5", item, "a warning names somebody");
    if (sent && sent->life == gate_life)
        broken("P4", item, "a warning was sent again, and nothing had crashed");
    tally.repeats += sent != NULL;
    if (!sent && tally.warnings == WARNED_MOST) {
        broken("P4", item, "there is no end of warnings");
        return;
    }
    if (!sent) {
        sent = &list[tally.warnings++];
        snprintf(sent->key, sizeof sent->key, "%s", item->key);
    }
    sent->life = gate_life;
}
