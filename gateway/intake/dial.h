/* gateway/intake/dial.h - a connection made aside, in a thread of its own.
 *
 * libmosquitto looks names up and connects by calls that block, for minutes when a network drops
 * packets; the daemon must go on telling schools meanwhile. Everything after the TCP connection is
 * the daemon's own loop's again.
 */
#ifndef INTAKE_DIAL_H
#define INTAKE_DIAL_H

#include "intake/broker.h"

struct dial;

/* Takes the client, also when it fails. */
int dial_start_take(struct broker_client *client, bool clean_start, struct dial **out,
                    struct err *err) MUST_CHECK;

int dial_fd(const struct dial *d); /* readable once it has ended */

/* 1 ended: *client is the caller's and *rc is libmosquitto's; 0 not yet. Call dial_free after 1. */
int dial_ended(struct dial *d, struct broker_client **client, int *rc);

/* Does not wait for a connection: a thread that is still connecting frees what is left when it ends. NULL is
 * allowed. */
void dial_free(struct dial *d);

#endif
