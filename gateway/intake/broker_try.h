/* gateway/intake/broker_try.h - the broker, tried as the daemon uses it and told nothing: name,
 * connection, TLS, login, the subscription to incidents. For `encompass check --online`.
 *
 * It is a session of its own, new and gone with the connection, so the daemon's is not taken from it.
 * An incident that comes meanwhile is thrown away unread: the daemon's session has it too.
 */
#ifndef INTAKE_BROKER_TRY_H
#define INTAKE_BROKER_TRY_H

#include "adapters/probe.h"
#include "base/config.h"

/* The place that [mqtt] names, which broker_check has nothing against. */
void broker_place(const struct config *conf, struct probe *out);

/* Blocks for at most_seconds and a little; conf is borrowed until it returns. */
void broker_try(const struct config *conf, struct probe *p);

#endif
