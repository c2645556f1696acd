#include "cli/publisher.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/json.h"
#include "cli/table.h"
#include "intake/dial.h"

#define REPLY "/reply/"

enum {
    TOKEN_BYTES = 8,
    RETRY_MS = 1000,
    ROUND_MS = 200,
    FAREWELL_MS = 500,
    MIDS = 65536,
    SUBSCRIPTIONS = 2
};

struct publisher {
    const struct config *conf;
    struct outgoing_file *file;
    char token[2 * TOKEN_BYTES + 1]; /* of this run: its client id and its reply topic */
    struct broker_client *client;
    char *trouble;
    size_t trouble_size;
    size_t next;      /* messages before it have been published on this connection */
    size_t first;     /* messages before it have their fate */
    size_t in_flight; /* published on this connection, without a fate */
    size_t settled;
    int granted;         /* subscriptions */
    uint32_t *by_mid;    /* packet number: message number + 1 */
    int64_t progress_ms; /* when a message last got its fate */
    bool over;           /* this connection */
};

static void say(struct publisher *p, const char *what, const char *why)
{
    snprintf(p->trouble, p->trouble_size, "%s: %s", what, why);
}

static void say_unreached(struct publisher *p, const char *why)
{
    snprintf(p->trouble, p->trouble_size, "the broker at %s:%" PRId64 " is out of reach: %s",
             config_text(p->conf, "mqtt", "host"), config_int(p->conf, "mqtt", "port"), why);
}

static void settle(struct publisher *p, struct outgoing *o, enum fate fate)
{
    o->fate = fate;
    if (o->sent)
        p->in_flight--;
    p->settled++;
    p->progress_ms = clock_monotonic_ms();
    p->trouble[0] = '\0';
}

/* ---- what the broker says ---- */

static void on_connect(struct mosquitto *mosq, void *user, int reason, int flags,
                       const mosquitto_property *properties)
{
    struct publisher *p = ((struct broker_client *)user)->owner;
    char reply[128];

    (void)flags;
    (void)properties;
    if (reason != 0) {
        say(p, "the broker refuses us", mosquitto_reason_string(reason));
        p->over = true;
        return;
    }
    snprintf(reply, sizeof reply, "encompass/v1/+" REPLY "%s", p->token);
    if (mosquitto_subscribe(mosq, NULL, reply, 1) != MOSQ_ERR_SUCCESS ||
        mosquitto_subscribe(mosq, NULL, "encompass/v1/+/receipt", 1) != MOSQ_ERR_SUCCESS)
        p->over = true;
}

static void on_subscribe(struct mosquitto *mosq, void *user, int mid, int count, const int *granted,
                         const mosquitto_property *properties)
{
    struct publisher *p = ((struct broker_client *)user)->owner;

    (void)mosq;
    (void)mid;
    (void)properties;
    if (count == 1 && granted[0] < MQTT_RC_UNSPECIFIED) {
        p->granted++;
        return;
    }
    say(p, "the broker refuses receipts to us",
        mosquitto_reason_string(count == 1 ? granted[0] : MQTT_RC_UNSPECIFIED));
    p->over = true;
}

static void on_publish(struct mosquitto *mosq, void *user, int mid, int reason,
                       const mosquitto_property *properties)
{
    struct publisher *p = ((struct broker_client *)user)->owner;
    uint32_t number = mid > 0 && mid < MIDS ? p->by_mid[mid] : 0;
    struct outgoing *o;

    (void)mosq;
    (void)properties;
    if (number > 0 && reason == MQTT_RC_NO_MATCHING_SUBSCRIBERS)
        say(p, "the broker has thrown it away", "no gateway has subscribed there yet");
    if (number == 0 || reason < MQTT_RC_UNSPECIFIED)
        return;
    o = &p->file->list[number - 1];
    if (o->fate != FATE_WAITING)
        return;
    o->code = reason;
    settle(p, o, FATE_REJECTED);
}

/* The message that a receipt is for: by its correlation, or else by what it says of itself. */
static struct outgoing *find(struct publisher *p, const cJSON *receipt,
                             const mosquitto_property *properties)
{
    const char *force = json_get_text(receipt, "force");
    const char *police_ref = json_get_text(receipt, "police_ref");
    int64_t revision = json_get_number(receipt, "revision");
    uint16_t length = 0;
    void *bytes = NULL;

    if (mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &bytes, &length,
                                       false)) {
        char text[24] = "";
        size_t number;

        if (length < sizeof text)
            memcpy(text, bytes, length);
        number = strtoul(text, NULL, 10);
        free(bytes);
        return number >= 1 && number <= p->file->count ? &p->file->list[number - 1] : NULL;
    }
    while (p->first < p->next && p->file->list[p->first].fate != FATE_WAITING)
        p->first++;
    for (size_t i = p->first; i < p->next && police_ref[0] != '\0'; i++) {
        struct outgoing *o = &p->file->list[i];

        if (o->fate == FATE_WAITING && o->revision == revision && strcmp(o->force, force) == 0 &&
            strcmp(o->police_ref, police_ref) == 0)
            return o;
    }
    return NULL;
}

static void on_message(struct mosquitto *mosq, void *user, const struct mosquitto_message *msg,
                       const mosquitto_property *properties)
{
    struct publisher *p = ((struct broker_client *)user)->owner;
    cJSON *receipt =
        cJSON_ParseWithLength(msg->payload ? msg->payload : "", (size_t)msg->payloadlen);
    const char *status = json_get_text(receipt, "status");
    struct outgoing *o = receipt ? find(p, receipt, properties) : NULL;

    (void)mosq;
    for (enum fate fate = FATE_ACCEPTED; o && fate <= FATE_REFUSED; fate++) {
        if (o->fate == FATE_WAITING && strcmp(status, fate_word(fate)) == 0) {
            const cJSON *errors = cJSON_GetObjectItemCaseSensitive(receipt, "errors");

            if (fate == FATE_REFUSED && cJSON_IsArray(errors))
                o->errors = cJSON_PrintUnformatted(errors);
            settle(p, o, fate);
        }
    }
    json_free(receipt);
    errno = 0; /* loop_read would take it for its own socket's */
}

/* ---- a connection ---- */

static int publish_one(struct publisher *p, size_t number)
{
    struct outgoing *o = &p->file->list[number];
    mosquitto_property *properties = NULL;
    char topic[160], reply[192], correlation[24];
    int mid = 0;
    int rc;

    snprintf(topic, sizeof topic, "encompass/v1/%s/incident", o->force);
    snprintf(reply, sizeof reply, "encompass/v1/%s" REPLY "%s", o->force, p->token);
    snprintf(correlation, sizeof correlation, "%zu", number + 1);
    rc = mosquitto_property_add_string(&properties, MQTT_PROP_RESPONSE_TOPIC, reply);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_property_add_binary(&properties, MQTT_PROP_CORRELATION_DATA, correlation,
                                           (uint16_t)strlen(correlation));
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_property_add_string(&properties, MQTT_PROP_CONTENT_TYPE, "application/json");
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_publish_v5(p->client->mosq, &mid, topic, (int)o->length, o->json, 1, false,
                                  properties);
    mosquitto_property_free_all(&properties);
    if (rc == MOSQ_ERR_OVERSIZE_PACKET) {
        o->code = MQTT_RC_PACKET_TOO_LARGE;
        settle(p, o, FATE_REJECTED);
        return MOSQ_ERR_SUCCESS;
    }
    if (rc != MOSQ_ERR_SUCCESS)
        return rc;
    o->sent = true;
    p->in_flight++;
    if (mid > 0 && mid < MIDS)
        p->by_mid[mid] = (uint32_t)number + 1;
    return rc;
}

static int publish_some(struct publisher *p)
{
    int rc = MOSQ_ERR_SUCCESS;

    if (p->granted < SUBSCRIPTIONS)
        return rc;
    for (; rc == MOSQ_ERR_SUCCESS && p->next < p->file->count && p->in_flight < BROKER_WINDOW;
         p->next++) {
        if (p->file->list[p->next].fate == FATE_WAITING)
            rc = publish_one(p, p->next);
    }
    return rc;
}

static bool out_of_patience(const struct publisher *p, int patience)
{
    return clock_monotonic_ms() - p->progress_ms >= (int64_t)patience * 1000;
}

static void converse(struct publisher *p, int patience)
{
    struct mosquitto *mosq = p->client->mosq;
    int rc = MOSQ_ERR_SUCCESS;

    while (rc == MOSQ_ERR_SUCCESS && !p->over && p->settled < p->file->count &&
           !out_of_patience(p, patience)) {
        struct pollfd fd = {.fd = mosquitto_socket(mosq), .events = POLLIN};

        if (mosquitto_want_write(mosq))
            fd.events |= POLLOUT;
        poll(&fd, 1, broker_readable(p->client) ? 0 : ROUND_MS);
        rc = mosquitto_loop_read(mosq, 1);
        while (rc == MOSQ_ERR_SUCCESS && broker_readable(p->client) &&
               mosquitto_socket(mosq) >= 0 && p->granted == SUBSCRIPTIONS)
            rc = mosquitto_loop_read(mosq, 1);
        if (rc == MOSQ_ERR_SUCCESS)
            rc = publish_some(p);
        if (rc == MOSQ_ERR_SUCCESS)
            rc = mosquitto_loop_write(mosq, 1);
        if (rc == MOSQ_ERR_SUCCESS)
            rc = mosquitto_loop_misc(mosq);
        progress_show("receipts", p->settled, p->file->count);
    }
    if (rc != MOSQ_ERR_SUCCESS && !p->over)
        say(p, "the connection to the broker ended", broker_trouble(p->client, rc));
}

/* Waits for the connection, at most until patience ends. */
static bool connect_aside(struct publisher *p, int patience, struct err *err)
{
    struct broker_client *client;
    struct dial *dial;
    char name[64];
    int rc = MOSQ_ERR_CONN_PENDING;

    snprintf(name, sizeof name, "encompass-publish-%s", p->token);
    if (broker_client_new(p->conf, name, true, p, &client, err) < 0 ||
        dial_start_take(client, true, &dial, err) < 0) {
        say(p, "cannot connect", err->text);
        return false;
    }
    while (dial_ended(dial, &p->client, &rc) == 0 && !out_of_patience(p, patience)) {
        struct pollfd fd = {.fd = dial_fd(dial), .events = POLLIN};

        poll(&fd, 1, ROUND_MS);
    }
    dial_free(dial);
    if (!p->client) {
        say_unreached(p, "no answer");
        return false;
    }
    if (rc != MOSQ_ERR_SUCCESS) {
        say_unreached(p, broker_trouble(p->client, rc));
        return false;
    }
    mosquitto_connect_v5_callback_set(p->client->mosq, on_connect);
    mosquitto_subscribe_v5_callback_set(p->client->mosq, on_subscribe);
    mosquitto_publish_v5_callback_set(p->client->mosq, on_publish);
    mosquitto_message_v5_callback_set(p->client->mosq, on_message);
    return true;
}

static void one_connection(struct publisher *p, int patience, struct err *err)
{
    p->next = p->first = p->in_flight = 0;
    p->granted = 0;
    p->over = false;
    memset(p->by_mid, 0, MIDS * sizeof *p->by_mid);
    for (size_t i = 0; i < p->file->count; i++)
        p->file->list[i].sent = false;
    if (connect_aside(p, patience, err))
        converse(p, patience);
    if (p->client && p->settled == p->file->count)
        broker_farewell(p->client, FAREWELL_MS);
    broker_client_free(p->client);
    p->client = NULL;
}

int publisher_run(const struct config *conf, struct outgoing_file *file, int patience,
                  char *trouble, size_t size, struct err *err)
{
    struct publisher p = {.conf = conf, .file = file, .trouble = trouble, .trouble_size = size};
    unsigned char token[TOKEN_BYTES];

    trouble[0] = '\0';
    if (broker_check(conf, err) < 0)
        return -1;
    if (sodium_init() < 0)
        return err_set(err, ERR_SYSTEM, "no random numbers to be had");
    randombytes_buf(token, sizeof token);
    sodium_bin2hex(p.token, sizeof p.token, token, sizeof token);
    p.by_mid = calloc(MIDS, sizeof *p.by_mid);
    if (!p.by_mid)
        return err_memory(err);
    p.progress_ms = clock_monotonic_ms();
    while (p.settled < file->count && !out_of_patience(&p, patience)) {
        one_connection(&p, patience, err);
        if (p.settled < file->count && !out_of_patience(&p, patience))
            poll(NULL, 0, RETRY_MS);
    }
    progress_end();
    free(p.by_mid);
    return 0;
}
