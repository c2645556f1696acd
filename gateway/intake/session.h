/* gateway/intake/session.h - whether the broker should know us: a mark beside the store.
 *
 * Messages wait in our session at the broker while we are away. A broker that says it has no session
 * of ours although we had one has lost what waited there; the mark is how we notice.
 */
#ifndef INTAKE_SESSION_H
#define INTAKE_SESSION_H

#include <stdbool.h>

#include "base/err.h"

/* name says which session: client id, host and port. The mark is the file STORE-session. */
bool session_is_known(const char *store_path, const char *name);

/* Replaces the mark. -1: ERR_SYSTEM, and a lost session might go unnoticed. */
int session_remember(const char *store_path, const char *name, struct err *err) MUST_CHECK;

#endif
