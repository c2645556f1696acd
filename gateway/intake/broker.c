#include "intake/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define SECTION "mqtt"

const struct config_key mqtt_keys[] = {
    {.name = "host",
     .kind = CONFIG_TEXT,
     .otherwise = "localhost",
     .help = "the broker; its certificate must bear this name"},
    {.name = "port",
     .kind = CONFIG_INT,
     .otherwise = "8883",
     .least = 1,
     .most = 65535,
     .help = "where the broker listens"},
    {.name = "tls",
     .kind = CONFIG_BOOL,
     .otherwise = "yes",
     .help = "no is allowed only for a broker on this machine (localhost, 127.0.0.1, ::1)"},
    {.name = "ca_file",
     .kind = CONFIG_PATH,
     .otherwise = "/etc/ssl/certs/ca-certificates.crt",
     .help = "authorities that the broker's certificate is held to (PEM)"},
    {.name = "certificate_file",
     .kind = CONFIG_PATH,
     .help = "our own certificate, where the broker asks for one (PEM)"},
    {.name = "key_file", .kind = CONFIG_SECRET, .help = "the key of that certificate (PEM)"},
    {.name = "username",
     .kind = CONFIG_TEXT,
     .help = "who we are to the broker: encompassd, or a control room's force"},
    {.name = "password_file",
     .kind = CONFIG_SECRET,
     .help = "a file whose first line is the password"},
    {.name = "client_id",
     .kind = CONFIG_TEXT,
     .otherwise = "encompassd",
     .help = "names the session in which the broker keeps messages while we are away; never "
             "shared by two gateways, and a new one begins a new session"},
    {.name = NULL},
};

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
}

static int check_file(const struct config *conf, const char *key, struct err *err)
{
    const char *path = config_text(conf, SECTION, key);

    if (path && access(path, R_OK) < 0)
        return err_set(err, ERR_CONFIG, "%s: [mqtt] %s: %s: %s", config_file(conf), key, path,
                       strerror(errno));
    return 0;
}

int broker_check(const struct config *conf, struct err *err)
{
    const char *file = config_file(conf);
    const char *host = config_text(conf, SECTION, "host");
    bool tls = config_bool(conf, SECTION, "tls");
    bool certificate = config_text(conf, SECTION, "certificate_file") != NULL;
    bool key = config_text(conf, SECTION, "key_file") != NULL;
    bool username = config_text(conf, SECTION, "username") != NULL;
    bool password = config_text(conf, SECTION, "password_file") != NULL;
    struct personal secret = {0};

    if (!tls && !is_loopback(host))
        return err_set(err, ERR_CONFIG,
                       "%s: [mqtt] tls = no is allowed only for a broker on this machine, not %s",
                       file, host);
    if (certificate != key)
        return err_set(err, ERR_CONFIG,
                       "%s: [mqtt] certificate_file and key_file are given together or not at all",
                       file);
    if (password && !username)
        return err_set(err, ERR_CONFIG, "%s: [mqtt] password_file is given without username", file);
    if (certificate && !tls)
        return err_set(err, ERR_CONFIG, "%s: [mqtt] certificate_file needs tls = yes", file);
    if (!certificate && !password && !is_loopback(host))
        return err_set(err, ERR_CONFIG,
                       "%s: [mqtt] nothing to log in with: give username and password_file, or "
                       "certificate_file and key_file",
                       file);
    if (tls &&
        (check_file(conf, "ca_file", err) < 0 || check_file(conf, "certificate_file", err) < 0 ||
         check_file(conf, "key_file", err) < 0))
        return -1;
    if (config_secret(conf, SECTION, "password_file", &secret, err) < 0)
        return -1;
    personal_release(&secret);
    return 0;
}

/* Errors and warnings name files and TLS's reasons; the lower levels name topics. */
static void on_log(struct mosquitto *mosq, void *user, int level, const char *text)
{
    struct broker_client *client = user;

    (void)mosq;
    if (level == MOSQ_LOG_ERR)
        snprintf(client->trouble, sizeof client->trouble, "%.*s", (int)strcspn(text, "\n"), text);
}

static int refuse(const char *what, int rc, struct err *err)
{
    if (rc == MOSQ_ERR_NOMEM)
        return err_memory(err);
    return err_set(err, ERR_CONFIG, "[mqtt] %s: %s", what, mosquitto_strerror(rc));
}

static int log_in(const struct config *conf, struct mosquitto *m, struct err *err)
{
    const char *username = config_text(conf, SECTION, "username");
    struct personal password = {0};
    int has = config_secret(conf, SECTION, "password_file", &password, err);
    int rc;

    if (has < 0)
        return -1;
    if (!username)
        return 0;
    rc = mosquitto_username_pw_set(m, username, has ? personal_reveal(&password) : NULL);
    personal_release(&password);
    return rc == MOSQ_ERR_SUCCESS ? 0 : refuse("username and password_file", rc, err);
}

static int secure(const struct config *conf, struct mosquitto *m, struct err *err)
{
    int rc;

    if (!config_bool(conf, SECTION, "tls"))
        return 0;
    rc = mosquitto_tls_set(m, config_text(conf, SECTION, "ca_file"), NULL,
                           config_text(conf, SECTION, "certificate_file"),
                           config_text(conf, SECTION, "key_file"), NULL);
    if (rc != MOSQ_ERR_SUCCESS)
        return refuse("ca_file, certificate_file or key_file", rc, err);
    rc = mosquitto_tls_opts_set(m, SSL_VERIFY_PEER, "tlsv1.2", NULL); /* or newer */
    return rc == MOSQ_ERR_SUCCESS ? 0 : refuse("tls", rc, err);
}

int broker_client_new(const struct config *conf, const char *client_id, bool clean_start,
                      void *owner, struct broker_client **out, struct err *err)
{
    struct broker_client *client = calloc(1, sizeof *client);
    int rc;

    if (!client)
        return err_memory(err);
    mosquitto_lib_init(); /* counted; the library's own state lasts as long as the process */
    client->owner = owner;
    client->port = (int)config_int(conf, SECTION, "port");
    client->host = strdup(config_text(conf, SECTION, "host"));
    client->mosq = mosquitto_new(client_id, clean_start, client);
    if (!client->host || !client->mosq) {
        err_memory(err);
        goto failed;
    }
    mosquitto_log_callback_set(client->mosq, on_log);
    rc = mosquitto_threaded_set(client->mosq, true);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_int_option(client->mosq, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_int_option(client->mosq, MOSQ_OPT_RECEIVE_MAXIMUM, BROKER_WINDOW);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_int_option(client->mosq, MOSQ_OPT_SEND_MAXIMUM, BROKER_WINDOW);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_int_option(client->mosq, MOSQ_OPT_TCP_NODELAY, 1);
    if (rc != MOSQ_ERR_SUCCESS) {
        refuse("client", rc, err);
        goto failed;
    }
    if (secure(conf, client->mosq, err) < 0 || log_in(conf, client->mosq, err) < 0)
        goto failed;
    *out = client;
    return 0;
failed:
    broker_client_free(client);
    return -1;
}

void broker_client_free(struct broker_client *client)
{
    if (!client)
        return;
    mosquitto_destroy(client->mosq); /* NULL is allowed */
    free(client->host);
    free(client);
}

int broker_connect(struct broker_client *client, bool clean_start)
{
    mosquitto_property *properties = NULL;
    int rc;

    rc = mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
                                      clean_start ? 0 : UINT32_MAX);
    if (rc == MOSQ_ERR_SUCCESS) {
        errno = 0;
        rc = mosquitto_connect_bind_v5(client->mosq, client->host, client->port, BROKER_KEEPALIVE,
                                       NULL, properties);
        /* Said here, where errno still means this call. EAI's codes come in errno too. */
        if (rc == MOSQ_ERR_ERRNO && errno != 0)
            snprintf(client->trouble, sizeof client->trouble, "%s", strerror(errno));
        else if (rc == MOSQ_ERR_EAI)
            snprintf(client->trouble, sizeof client->trouble, "%s", gai_strerror(errno));
    }
    mosquitto_property_free_all(&properties);
    return rc;
}

const char *broker_trouble(const struct broker_client *client, int rc)
{
    static _Thread_local char text[256];

    if (client->trouble[0] != '\0' && (rc == MOSQ_ERR_ERRNO || rc == MOSQ_ERR_EAI))
        snprintf(text, sizeof text, "%s", client->trouble); /* by now errno is another's */
    else if (client->trouble[0] != '\0')
        snprintf(text, sizeof text, "%s: %s", mosquitto_strerror(rc), client->trouble);
    else
        snprintf(text, sizeof text, "%s", mosquitto_strerror(rc));
    return text;
}

bool broker_readable(const struct broker_client *client)
{
    int fd = mosquitto_socket(client->mosq);
    SSL *ssl = mosquitto_ssl_get(client->mosq);
    struct pollfd p = {.fd = fd, .events = POLLIN};

    if (fd < 0)
        return false;
    return (ssl && SSL_pending(ssl) > 0) || poll(&p, 1, 0) == 1;
}

/* Closing a socket with unread messages in it resets the connection, and the broker's end loses the
 * acknowledgements that it has not read yet. So it stays open until the broker has closed its own. */
static void see_off(int fd, int64_t end)
{
    char ignored[4096];

    shutdown(fd, SHUT_WR);
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = end - clock_monotonic_ms();

        if (left <= 0 || poll(&p, 1, (int)left) <= 0 || read(fd, ignored, sizeof ignored) <= 0)
            break;
    }
    personal_wipe(ignored, sizeof ignored);
    close(fd);
}

void broker_farewell(struct broker_client *client, int most_ms)
{
    struct mosquitto *mosq = client->mosq;
    int64_t end = clock_monotonic_ms() + most_ms;
    int fd = fcntl(mosquitto_socket(mosq), F_DUPFD_CLOEXEC, 0);
    int rc = mosquitto_disconnect_v5(mosq, 0, NULL); /* queued after what waits */

    while (rc == MOSQ_ERR_SUCCESS && mosquitto_socket(mosq) >= 0 && mosquitto_want_write(mosq) &&
           clock_monotonic_ms() < end) {
        struct pollfd p = {.fd = mosquitto_socket(mosq), .events = POLLOUT};

        if (poll(&p, 1, 100) < 0)
            break;
        rc = mosquitto_loop_write(mosq, 1);
    }
    if (fd >= 0)
        see_off(fd, end);
}
