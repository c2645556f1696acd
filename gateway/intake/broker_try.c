#include "intake/broker_try.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "adapters/transfer.h"
#include "base/clock.h"
#include "intake/dial.h"
#include "intake/subscriber.h"

enum { ROUND_MS = 100, FAREWELL_MS = 500, TOKEN_BYTES = 8 };

struct trying {
    const struct config *conf;
    struct probe *probe;
    struct broker_client *client;
    int64_t until_ms;
    bool greeted, over;
};

void broker_place(const struct config *conf, struct probe *out)
{
    snprintf(out->subject, sizeof out->subject, "[mqtt] host");
    snprintf(out->at, sizeof out->at, "%s:%d", config_text(conf, "mqtt", "host"),
             (int)config_int(conf, "mqtt", "port"));
}

static void on_connect(struct mosquitto *mosq, void *user, int reason, int flags,
                       const mosquitto_property *properties)
{
    struct trying *t = ((struct broker_client *)user)->owner;

    (void)flags;
    (void)properties;
    t->greeted = true;
    if (reason == MQTT_RC_SUCCESS &&
        mosquitto_subscribe_v5(mosq, NULL, SUBSCRIBER_INCIDENTS, SUBSCRIBER_QOS,
                               MQTT_SUB_OPT_SEND_RETAIN_NEVER, NULL) == MOSQ_ERR_SUCCESS)
        return;
    t->over = true;
    probe_says(t->probe, PROBED_WRONG,
               reason == MQTT_RC_BAD_USERNAME_OR_PASSWORD || reason == MQTT_RC_NOT_AUTHORIZED
                   ? "mend username and password_file, or make the user known to the broker"
                   : "ask whoever runs the broker",
               "login: refused (%d %s)", reason, mosquitto_reason_string(reason));
}

static void on_subscribe(struct mosquitto *mosq, void *user, int mid, int count, const int *granted,
                         const mosquitto_property *properties)
{
    struct trying *t = ((struct broker_client *)user)->owner;
    int code = count == 1 ? granted[0] : MQTT_RC_UNSPECIFIED;

    (void)mosq;
    (void)mid;
    (void)properties;
    t->over = true;
    if (code == SUBSCRIBER_QOS)
        probe_says(t->probe, PROBED_FINE, "", "%s, logged in, incidents may be read",
                   config_bool(t->conf, "mqtt", "tls") ? "TLS verified" : "connected, unencrypted");
    else if (code < MQTT_RC_UNSPECIFIED)
        probe_says(t->probe, PROBED_WRONG, "have the broker allow QoS 1",
                   "incidents are granted at QoS %d alone: they could be lost", code);
    else
        probe_says(t->probe, PROBED_WRONG,
                   "give our user leave to read " SUBSCRIBER_INCIDENTS
                   " in the broker's access list",
                   "incidents may not be read (%d %s)", code, mosquitto_reason_string(code));
}

/* libmosquitto does not say what was wrong with a certificate; curl, which looks at the same files, does. */
static void say_tls(struct trying *t, const char *trouble)
{
    const char *host = t->client->host;
    bool bare_six = strchr(host, ':') && host[0] != '[';
    char url[PROBE_AT_SIZE + 16], error[CURL_ERROR_SIZE];
    struct err err;
    CURLcode how = CURLE_OK;
    CURL *c;

    snprintf(url, sizeof url, "https://%s%s%s:%d", bare_six ? "[" : "", host, bare_six ? "]" : "",
             t->client->port);
    c = transfer_new(url, "https", config_text(t->conf, "mqtt", "ca_file"), t->probe->most_seconds,
                     &err);
    if (c && transfer_set_certificate(c, config_text(t->conf, "mqtt", "certificate_file"),
                                      config_text(t->conf, "mqtt", "key_file"), &err) == 0) {
        curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
        curl_easy_setopt(c, CURLOPT_SSL_ENABLE_ALPN, 0L);
        how = probe_perform(t->probe, c, error);
    }
    if (how != CURLE_OK)
        probe_connection(t->probe, c, how, error, "");
    else
        probe_says(t->probe, PROBED_WRONG,
                   "have certificate_file accepted there; see the broker's log", "TLS: %s",
                   trouble);
    curl_easy_cleanup(c);
}

static void say_ended(struct trying *t, bool connected, int rc)
{
    bool tls = config_bool(t->conf, "mqtt", "tls");

    if (rc == MOSQ_ERR_EAI)
        probe_says(t->probe, PROBED_WRONG, "mend the name, or this machine's name server",
                   "no such name: %s", t->client->trouble);
    else if (rc == MOSQ_ERR_ERRNO && !connected)
        probe_says(t->probe, PROBED_WRONG,
                   "start it, let it through the firewall, or mend host and port",
                   "no connection: %s", t->client->trouble);
    else if (tls && !t->greeted)
        say_tls(t, broker_trouble(t->client, rc));
    else
        probe_says(t->probe, PROBED_WRONG, "see the broker's log", "the connection ended: %s",
                   broker_trouble(t->client, rc));
}

static void say_silent(struct trying *t, bool connected)
{
    if (connected)
        probe_says(t->probe, PROBED_WRONG,
                   "see the broker's log: it takes the connection and does "
                   "not answer",
                   "connected, and no answer within %ld s", t->probe->most_seconds);
    else
        probe_says(t->probe, PROBED_WRONG, "let it through the firewall, or mend host and port",
                   "no connection within %ld s", t->probe->most_seconds);
}

static int left_ms(const struct trying *t)
{
    int64_t left = t->until_ms - clock_monotonic_ms();

    return left > 0 ? (int)left : 0;
}

static void converse(struct trying *t)
{
    struct mosquitto *mosq = t->client->mosq;
    int rc = MOSQ_ERR_SUCCESS;

    while (rc == MOSQ_ERR_SUCCESS && !t->over && left_ms(t) > 0) {
        struct pollfd fd = {.fd = mosquitto_socket(mosq), .events = POLLIN};

        if (mosquitto_want_write(mosq))
            fd.events |= POLLOUT;
        poll(&fd, 1, broker_readable(t->client) ? 0 : ROUND_MS);
        errno = 0;
        rc = mosquitto_loop_read(mosq, 1);
        if (rc == MOSQ_ERR_SUCCESS)
            rc = mosquitto_loop_write(mosq, 1);
        if (rc == MOSQ_ERR_SUCCESS)
            rc = mosquitto_loop_misc(mosq);
    }
    if (t->over)
        broker_farewell(t->client, FAREWELL_MS);
    else if (rc != MOSQ_ERR_SUCCESS)
        say_ended(t, true, rc);
    else
        say_silent(t, true);
}

static void dial(struct trying *t)
{
    struct dial *dial;
    struct err err;
    int rc = MOSQ_ERR_SUCCESS;

    if (dial_start_take(t->client, true, &dial, &err) < 0) {
        t->client = NULL;
        probe_says(t->probe, PROBED_WRONG, "try again", "%s", err.text);
        return;
    }
    t->client = NULL; /* the dial's, until it has ended */
    while (dial_ended(dial, &t->client, &rc) == 0 && left_ms(t) > 0) {
        struct pollfd fd = {.fd = dial_fd(dial), .events = POLLIN};

        poll(&fd, 1, left_ms(t));
    }
    dial_free(dial);
    if (!t->client) {
        say_silent(t, false);
    } else if (rc != MOSQ_ERR_SUCCESS) {
        say_ended(t, false, rc);
    } else {
        mosquitto_connect_v5_callback_set(t->client->mosq, on_connect);
        mosquitto_subscribe_v5_callback_set(t->client->mosq, on_subscribe);
        converse(t);
    }
}

void broker_try(const struct config *conf, struct probe *p)
{
    struct trying t = {
        .conf = conf, .probe = p, .until_ms = clock_monotonic_ms() + p->most_seconds * 1000};
    unsigned char token[TOKEN_BYTES];
    char name[64] = "encompass-check-";
    struct err err;

    randombytes_buf(token, sizeof token);
    sodium_bin2hex(name + strlen(name), sizeof name - strlen(name), token, sizeof token);
    if (broker_client_new(conf, name, true, &t, &t.client, &err) < 0) {
        probe_says(p, PROBED_WRONG, "mend the section", "%s", err.text);
        return;
    }
    dial(&t);
    broker_client_free(t.client);
}
