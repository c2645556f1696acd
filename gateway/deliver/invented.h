/* gateway/deliver/invented.h - an invented call-out to a real door, for exercises and previews: what
 * a contact there would get, by the policy, the wording and the register as they stand. It goes
 * through the parser that the police's own go through, and is stored nowhere.
 */
#ifndef DELIVER_INVENTED_H
#define DELIVER_INVENTED_H

#include "deliver/render.h"
#include "store/db.h"

struct invented {
    struct incident *incident;
    struct notice_row notice;
    struct establishment establishment;
    struct policy policy;
    char authority[161];
    size_t child; /* of the incident: 0 */
    struct render_known known;
};

/* force: in whose name, "" none. 1; 0 the door is not in the register; -1. *out is for
 * invented_release, on 1 only. */
int invented_make(struct db *db, const char *force, const struct door *door, enum notice_kind kind,
                  const char *language, time_t now, struct invented *out,
                  struct err *err) MUST_CHECK;
void invented_release(struct invented *invented);

/* What render takes; it borrows from both. */
struct render_input invented_input(const struct invented *invented, const char *language);

/* notice for an establishment, desk for a desk. */
enum notice_kind invented_kind(const struct door *door);

#endif
