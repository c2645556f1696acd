/* gateway/intake/broker.h - a client of the broker, made as [mqtt] says: MQTT 5, TLS, who we are.
 *
 * A client lives for one connection. Acknowledgements that were queued, and publications that were
 * not acknowledged, end with it: libmosquitto would send both again on the next connection of the
 * same handle, when what they stand for may have been rolled back or be owed by another row.
 */
#ifndef INTAKE_BROKER_H
#define INTAKE_BROKER_H

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"

extern const struct config_key mqtt_keys[]; /* [mqtt] */

enum { BROKER_KEEPALIVE = 60, BROKER_WINDOW = 1000 };

struct broker_client {
    struct mosquitto *mosq; /* its user data is this struct */
    void *owner;            /* for the owner's callbacks */
    char *host;
    int port;
    char trouble[160]; /* libmosquitto's last complaint: why TLS failed; "" none */
};

/* What a start would refuse: no TLS to a host that is not this one, a certificate without its key,
 * files that cannot be read, nothing to log in with. 0, or -1 with ERR_CONFIG. */
int broker_check(const struct config *conf, struct err *err) MUST_CHECK;

/* A client that nothing but mosquitto_loop_write sends for. clean_start: the session is new and
 * ends with the connection. Secrets are read here, so a changed one serves the next connection. */
int broker_client_new(const struct config *conf, const char *client_id, bool clean_start,
                      void *owner, struct broker_client **out, struct err *err) MUST_CHECK;

/* Writes what waits and a DISCONNECT, and sees that the broker has read them: at most most_ms. */
void broker_farewell(struct broker_client *client, int most_ms);

/* Closes without a farewell: what is queued is thrown away. NULL is allowed. */
void broker_client_free(struct broker_client *client);

/* Name look-up and TCP connection, which block; the rest is the caller's loop_read and loop_write.
 * Touches nothing but the client, so a thread can have it. MOSQ_ERR_SUCCESS or why not. */
int broker_connect(struct broker_client *client, bool clean_start);

/* Why it failed, for the log: rc in words, with the complaint where there is one. A static buffer
 * of the calling thread. */
const char *broker_trouble(const struct broker_client *client, int rc);

/* Whether more can be read at once: from the socket, or decrypted already. */
bool broker_readable(const struct broker_client *client);

#endif
