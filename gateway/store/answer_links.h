/* gateway/store/answer_links.h - links by which a notice is answered: a random token of 256 bits in
 * each message, of which the store keeps the hash alone.
 *
 * A message that is made again, after a crash or for another try, bears a token of its own; those
 * before it stay good, for nobody knows which message has arrived. Each is for one contact of one
 * establishment, and for one notice. It ends with its time, or when its contact does. Answering does
 * not end it: what was taken over can be found to be no pupil of theirs later. What has ended is
 * forgotten some months later.
 */
#ifndef STORE_ANSWER_LINKS_H
#define STORE_ANSWER_LINKS_H

#include <stdint.h>
#include <time.h>

#include "store/db.h"

enum { ANSWER_TOKEN_SIZE = 44 }; /* 32 bytes in base64url, and a NUL */

/* In the caller's transaction: it must be committed before the message leaves. */
int answer_links_make(struct db *db, int64_t notice_id, int64_t contact_id, time_t expires_at,
                      time_t now, char token[ANSWER_TOKEN_SIZE], struct err *err) MUST_CHECK;

/* Which notice is answered by a token, and who was sent it: 1; 0 it is none, or no longer good; -1. */
int answer_links_find(struct db *db, const char *token, time_t now, int64_t *notice_id,
                      int64_t *contact_id, struct err *err) MUST_CHECK;

#endif
