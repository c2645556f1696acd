#include "intake/subscriber.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "intake/accept.h"
#include "intake/broker.h"
#include "intake/dial.h"
#include "intake/receipts.h"
#include "intake/session.h"

#define DROPPED "$SYS/broker/publish/messages/dropped"

enum {
    BATCH_BYTES = 4 * 1024 * 1024,
    BATCH_MS = 50,
    GREETING_MS = 15000, /* for TLS, CONNACK and SUBACK together */
    STEADY_MS = 30000,   /* a connection that lasted so long ends the back-off */
    BACK_OFF_MOST_MS = 60000,
    FAREWELL_MS = 1500,
    ROUND_MS = 1000,     /* at most between two rounds */
    BUSY_MESSAGES = 100, /* of one round */
};

struct batch {
    int messages, accepted, repeat, refused;
    size_t bytes;
    int64_t began_ms;
};

struct subscriber {
    const struct config *conf;
    struct db *db;
    const struct clock *clock;
    struct receipts *receipts;
    int batch_messages;

    struct dial *dial;            /* while connecting */
    struct broker_client *client; /* while there is a connection */
    int64_t since_ms;             /* of either */
    int64_t next_ms;              /* not before that is a connection tried */
    unsigned failures;            /* in a row, for the back-off */
    bool greeted, subscribed;     /* CONNACK, SUBACK have come */
    bool useful;                  /* this connection has brought something into the store */
    int mid;                      /* of the subscription to incidents */
    char ended[200]; /* why the callbacks want the connection dropped; "" they do not */

    struct batch batch;
    struct err trouble; /* the store's */
    bool store_failed;  /* and has not been seen to work since */
    bool failed;
    bool more;         /* a bound of the batch was reached, not the end of what there is */
    long long dropped; /* by the broker, as it last said */
};

/* ---- what the broker says ---- */

static void end_connection(struct subscriber *s, const char *why, int code)
{
    snprintf(s->ended, sizeof s->ended, "%s (%d %s)", why, code, mosquitto_reason_string(code));
}

static void session_name(const struct subscriber *s, char *out, size_t size)
{
    snprintf(out, size, "%s@%s:%d", config_text(s->conf, "mqtt", "client_id"), s->client->host,
             s->client->port);
}

static void on_connect(struct mosquitto *mosq, void *user, int reason, int flags,
                       const mosquitto_property *properties)
{
    struct subscriber *s = ((struct broker_client *)user)->owner;
    char name[400];

    (void)properties;
    if (reason != 0) {
        end_connection(s, "the broker refused the connection", reason);
        return;
    }
    s->greeted = true;
    session_name(s, name, sizeof name);
    if (flags & 1)
        log_event(LOG_LEVEL_INFO, "mqtt.connected", "host=%s port=%d session=kept", s->client->host,
                  s->client->port);
    else if (session_is_known(db_path(s->db), name))
        log_event(LOG_LEVEL_ERROR, "mqtt.session.lost",
                  "host=%s port=%d detail=\"the broker has lost our session and the messages that "
                  "waited in it; control rooms publish again what has no receipt\"",
                  s->client->host, s->client->port);
    else
        log_event(LOG_LEVEL_INFO, "mqtt.connected", "host=%s port=%d session=new", s->client->host,
                  s->client->port);
    /* A retained incident comes with a new subscription, not with every connection. */
    if (mosquitto_subscribe_v5(mosq, &s->mid, SUBSCRIBER_INCIDENTS, SUBSCRIBER_QOS,
                               MQTT_SUB_OPT_SEND_RETAIN_NEW, NULL) != MOSQ_ERR_SUCCESS ||
        mosquitto_subscribe_v5(mosq, NULL, DROPPED, 0, 0, NULL) != MOSQ_ERR_SUCCESS)
        end_connection(s, "cannot subscribe", MQTT_RC_UNSPECIFIED);
}

static void on_subscribe(struct mosquitto *mosq, void *user, int mid, int count, const int *granted,
                         const mosquitto_property *properties)
{
    struct subscriber *s = ((struct broker_client *)user)->owner;
    struct err err;
    char name[400];

    (void)mosq;
    (void)properties;
    if (mid != s->mid) {
        if (count != 1 || granted[0] >= MQTT_RC_UNSPECIFIED)
            log_event(LOG_LEVEL_WARNING, "mqtt.blind",
                      "detail=\"the broker does not let us see whether it drops messages\"");
        return;
    }
    if (count != 1 || granted[0] != SUBSCRIBER_QOS) {
        end_connection(s, "the broker refused the subscription to " SUBSCRIBER_INCIDENTS,
                       count == 1 ? granted[0] : MQTT_RC_UNSPECIFIED);
        return;
    }
    s->subscribed = true;
    session_name(s, name, sizeof name);
    if (!session_is_known(db_path(s->db), name) && session_remember(db_path(s->db), name, &err) < 0)
        log_failure("mqtt.session.unmarked", &err);
}

static void on_publish(struct mosquitto *mosq, void *user, int mid, int reason,
                       const mosquitto_property *properties)
{
    struct subscriber *s = ((struct broker_client *)user)->owner;

    (void)mosq;
    (void)properties;
    receipts_answered(s->receipts, mid, reason);
}

static void on_disconnect(struct mosquitto *mosq, void *user, int reason,
                          const mosquitto_property *properties)
{
    struct subscriber *s = ((struct broker_client *)user)->owner;

    (void)mosq;
    (void)properties;
    if (reason >= MQTT_RC_UNSPECIFIED && s->ended[0] == '\0')
        end_connection(s, "the broker ended the connection", reason);
}

/* ---- messages ---- */

/* A count since the broker's start. Where it keeps retained messages the first one is how things
 * stood before us; every other one says that the count has grown. */
static void note_dropped(struct subscriber *s, const struct mosquitto_message *msg)
{
    long long total = msg->payload ? strtoll(msg->payload, NULL, 10) : 0; /* NUL-terminated */
    long long before = s->dropped <= total ? s->dropped : 0; /* it has been started anew */

    s->dropped = total;
    if (msg->retain || total == before)
        return;
    log_event(LOG_LEVEL_ERROR, "mqtt.broker.dropped",
              "messages=%lld total=%lld detail=\"the broker has thrown messages away, perhaps "
              "incidents; see its queue limits\"",
              total - before, total);
}

static int keep(struct subscriber *s, const struct mosquitto_message *msg,
                const mosquitto_property *properties, struct err *err)
{
    struct inbound in = {
        .topic = msg->topic,
        .payload = msg->payload ? msg->payload : "",
        .length = (size_t)msg->payloadlen,
    };
    char *response_topic = NULL;
    void *correlation = NULL;
    uint16_t correlation_length = 0;
    enum accepted how = ACCEPTED_REFUSED;
    int rc = -1;

    mosquitto_property_read_string(properties, MQTT_PROP_RESPONSE_TOPIC, &response_topic, false);
    mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &correlation,
                                   &correlation_length, false);
    in.response_topic = response_topic;
    in.correlation = correlation;
    in.correlation_length = correlation_length;
    if (!db_in_transaction(s->db) && db_begin(s->db, err) < 0)
        goto out;
    if (accept_message(s->db, &in, clock_now(s->clock), &how, err) < 0)
        goto out;
    s->batch.accepted += how == ACCEPTED;
    s->batch.repeat += how == ACCEPTED_REPEAT;
    s->batch.refused += how == ACCEPTED_REFUSED;
    s->batch.messages++;
    s->batch.bytes += in.length;
    rc = 0;
out:
    free(response_topic);
    free(correlation);
    return rc;
}

static void on_message(struct mosquitto *mosq, void *user, const struct mosquitto_message *msg,
                       const mosquitto_property *properties)
{
    struct subscriber *s = ((struct broker_client *)user)->owner;

    (void)mosq;
    if (strcmp(msg->topic, DROPPED) == 0)
        note_dropped(s, msg);
    else if (!s->failed && keep(s, msg, properties, &s->trouble) < 0)
        s->failed = true;
    /* loop_read takes an EAGAIN that is left here for its own socket's and strands what TLS has
     * decrypted already. */
    errno = 0;
}

/* ---- the connection ---- */

static void back_off(struct subscriber *s)
{
    int64_t most = BACK_OFF_MOST_MS;

    if (s->failures < 6)
        most = 1000 << s->failures;
    if (most > BACK_OFF_MOST_MS)
        most = BACK_OFF_MOST_MS;
    s->failures++;
    s->next_ms = clock_monotonic_ms() + most / 2 + randombytes_uniform((uint32_t)(most / 2));
}

/* Acknowledgements that wait in the client go with it: nothing that is not committed is ever
 * acknowledged. */
static void drop(struct subscriber *s, const char *why)
{
    struct err err;

    db_rollback(s->db);
    if (s->useful || (s->subscribed && clock_monotonic_ms() - s->since_ms >= STEADY_MS))
        s->failures = 0;
    back_off(s);
    log_event(LOG_LEVEL_WARNING, "mqtt.lost", "error=\"%s\" retry_ms=%lld", why,
              (long long)(s->next_ms - clock_monotonic_ms()));
    broker_client_free(s->client);
    s->client = NULL;
    s->greeted = s->subscribed = s->useful = s->more = false;
    s->ended[0] = '\0';
    s->failed = false;
    memset(&s->batch, 0, sizeof s->batch);
    if (receipts_abandon(s->receipts, &err) < 0)
        log_failure("receipt.leased", &err);
}

static int dial(struct subscriber *s, struct err *err)
{
    struct broker_client *client;

    /* A store that cannot take a message is no reason to ask for one. */
    if (db_begin(s->db, err) < 0 || db_commit(s->db, err) < 0) {
        back_off(s);
        return -1;
    }
    s->store_failed = false;
    if (broker_client_new(s->conf, config_text(s->conf, "mqtt", "client_id"), false, s, &client,
                          err) < 0 ||
        dial_start_take(client, false, &s->dial, err) < 0) {
        log_failure("mqtt.unready", err);
        back_off(s);
        return 0;
    }
    s->since_ms = clock_monotonic_ms();
    return 0;
}

static void answer_dial(struct subscriber *s)
{
    struct broker_client *client;
    int rc;

    if (dial_ended(s->dial, &client, &rc) == 0)
        return;
    dial_free(s->dial);
    s->dial = NULL;
    if (rc != MOSQ_ERR_SUCCESS) {
        back_off(s);
        log_event(LOG_LEVEL_WARNING, "mqtt.unreachable",
                  "host=%s port=%d error=\"%s\" retry_ms=%lld", client->host, client->port,
                  broker_trouble(client, rc), (long long)(s->next_ms - clock_monotonic_ms()));
        broker_client_free(client);
        return;
    }
    mosquitto_connect_v5_callback_set(client->mosq, on_connect);
    mosquitto_subscribe_v5_callback_set(client->mosq, on_subscribe);
    mosquitto_publish_v5_callback_set(client->mosq, on_publish);
    mosquitto_disconnect_v5_callback_set(client->mosq, on_disconnect);
    mosquitto_message_v5_callback_set(client->mosq, on_message);
    s->client = client;
    s->since_ms = clock_monotonic_ms();
}

/* ---- a round ---- */

static int read_batch(struct subscriber *s)
{
    struct batch *b = &s->batch;
    int rc;

    b->began_ms = clock_monotonic_ms();
    s->more = false;
    do {
        rc = mosquitto_loop_read(s->client->mosq, 1);
        if (rc != MOSQ_ERR_SUCCESS || s->failed || s->ended[0] != '\0')
            return rc;
        if (b->messages >= s->batch_messages || b->bytes >= BATCH_BYTES ||
            clock_monotonic_ms() - b->began_ms >= BATCH_MS) {
            s->more = broker_readable(s->client);
            return rc;
        }
    } while (broker_readable(s->client));
    return rc;
}

static int commit_batch(struct subscriber *s, struct err *err)
{
    const struct batch *b = &s->batch;

    if (receipts_have_answers(s->receipts)) {
        if (!db_in_transaction(s->db) && db_begin(s->db, err) < 0)
            return -1;
        if (receipts_record(s->receipts, err) < 0)
            return -1;
    }
    if (db_in_transaction(s->db)) {
        if (db_commit(s->db, err) < 0)
            return -1;
        receipts_recorded(s->receipts);
    }
    if (b->messages > 0) {
        s->useful = true;
        log_event(LOG_LEVEL_INFO, "intake.batch",
                  "messages=%d accepted=%d repeat=%d refused=%d bytes=%zu ms=%lld", b->messages,
                  b->accepted, b->repeat, b->refused, b->bytes,
                  (long long)(clock_monotonic_ms() - b->began_ms));
    }
    return b->messages;
}

/* Words for why the connection has to go, or NULL. */
static const char *over(const struct subscriber *s, int rc)
{
    if (s->ended[0] != '\0')
        return s->ended;
    if (rc != MOSQ_ERR_SUCCESS)
        return broker_trouble(s->client, rc);
    if (mosquitto_socket(s->client->mosq) < 0)
        return broker_trouble(s->client, MOSQ_ERR_CONN_LOST);
    if (!s->subscribed && clock_monotonic_ms() - s->since_ms > GREETING_MS)
        return "the broker does not answer";
    return NULL;
}

/* One round of a connection. read, commit, write. */
static int converse(struct subscriber *s, struct err *err)
{
    const char *why;
    int messages, owed = 0, rc;

    memset(&s->batch, 0, sizeof s->batch);
    rc = read_batch(s);
    if (s->failed) {
        *err = s->trouble;
        drop(s, "the store failed");
        return -1;
    }
    /* Also when the connection has just ended: what has come is good to keep. */
    messages = commit_batch(s, err);
    if (messages < 0) {
        drop(s, "the store failed");
        return -1;
    }
    why = over(s, rc);
    if (!why && s->subscribed)
        owed = receipts_publish(s->receipts, s->client->mosq, err);
    if (!why) {
        rc = mosquitto_loop_write(s->client->mosq, 1);
        if (rc == MOSQ_ERR_SUCCESS)
            rc = mosquitto_loop_misc(s->client->mosq);
        why = over(s, rc);
    }
    if (why)
        drop(s, why);
    return owed < 0 ? -1 : messages;
}

int subscriber_run(struct subscriber *s, struct err *err)
{
    int rc = 0;

    if (!s->client && !s->dial && clock_monotonic_ms() >= s->next_ms)
        rc = dial(s, err);
    if (s->dial)
        answer_dial(s);
    if (s->client && rc == 0) {
        rc = converse(s, err);
        s->store_failed = false;
    }
    if (rc < 0)
        s->store_failed = true;
    return rc;
}

int subscriber_socket(const struct subscriber *s, bool *want_write, int *wait_ms)
{
    *want_write = false;
    *wait_ms = ROUND_MS;
    if (s->dial)
        return dial_fd(s->dial);
    if (!s->client) {
        int64_t left = s->next_ms - clock_monotonic_ms();

        if (left < *wait_ms)
            *wait_ms = left > 0 ? (int)left : 0;
        return -1;
    }
    if (s->more || receipts_have_answers(s->receipts))
        *wait_ms = 0;
    else if (receipts_wait_ms(s->receipts) >= 0)
        *wait_ms = receipts_wait_ms(s->receipts);
    *want_write = mosquitto_want_write(s->client->mosq);
    return mosquitto_socket(s->client->mosq);
}

bool subscriber_store_failed(const struct subscriber *s)
{
    return s->store_failed;
}

bool subscriber_is_busy(const struct subscriber *s)
{
    return s->client && (s->more || s->batch.messages >= BUSY_MESSAGES);
}

bool subscriber_connected(const struct subscriber *s)
{
    return s->subscribed;
}

int subscriber_new(const struct config *conf, struct db *db, const struct clock *clock,
                   struct subscriber **out, struct err *err)
{
    struct subscriber *s;

    if (broker_check(conf, err) < 0)
        return -1;
    if (sodium_init() < 0)
        return err_set(err, ERR_SYSTEM, "no random numbers to be had");
    s = calloc(1, sizeof *s);
    if (!s)
        return err_memory(err);
    s->conf = conf;
    s->db = db;
    s->clock = clock;
    s->batch_messages = (int)config_int(conf, "intake", "batch_messages");
    s->receipts = receipts_new(db, clock);
    if (!s->receipts) {
        free(s);
        return err_memory(err);
    }
    *out = s;
    return 0;
}

void subscriber_free(struct subscriber *s)
{
    struct err err;

    if (!s)
        return;
    dial_free(s->dial);
    if (s->client) {
        db_rollback(s->db);
        if (s->greeted)
            broker_farewell(s->client, FAREWELL_MS);
        broker_client_free(s->client);
    }
    if (receipts_abandon(s->receipts, &err) < 0)
        log_failure("receipt.leased", &err);
    receipts_free(s->receipts);
    free(s);
}
