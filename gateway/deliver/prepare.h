/* gateway/deliver/prepare.h - an outbox item becomes a message: what the store knows at this moment,
 * rendered for this contact.
 *
 * It is urgent when the police graded the risk to the adult as high, or a child is missing; a
 * withdrawal never is. So the mark alone does not say which, where the policy tells the name only.
 * Replies go to the force's desk when that has a verified mail address, else where the adapter's
 * section says.
 */
#ifndef DELIVER_PREPARE_H
#define DELIVER_PREPARE_H

#include "deliver/message.h"
#include "deliver/render.h"
#include "store/outbox.h"

/* 1: *out is the caller's, for prepared_release; 0: its contact may no longer be told; -1. */
struct prepared {
    struct message message;
    char *subject; /* what message.subject points to */
    char wording[65];
};
/* links: how a notice can be answered by a link; NULL: by none. With it a token is kept, in the
 * caller's transaction, which is committed before the message leaves. */
struct prepare_links {
    const char *base_url; /* what the token is put behind, with a / between */
    int64_t seconds;      /* for how long it is good */
};
int prepare_item(struct db *db, const struct templates *templates,
                 const struct prepare_links *links, const struct outbox_item *item, unsigned parts,
                 time_t now, struct prepared *out, struct err *err) MUST_CHECK;
/* The same for a bulletin's item: a warning, or an exercise with an invented child. */
int prepare_bulletin(struct db *db, const struct templates *templates,
                     const struct outbox_item *item, time_t now, struct prepared *out,
                     struct err *err) MUST_CHECK;
/* Where replies to a message in the name of a force go (prepare.c); "" is no force. */
int prepare_reply_to(struct db *db, const char *force, struct personal *out,
                     struct err *err) MUST_CHECK;
/* What it says is that a message waits, and where it is to be read: link and the reference. */
int prepare_minimal(const struct templates *templates, const char *link, struct prepared *p,
                    struct err *err) MUST_CHECK;
void prepared_release(struct prepared *p);

#endif
