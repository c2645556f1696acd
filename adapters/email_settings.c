#include "adapters/email_settings.h"

#include <stdio.h>
#include <string.h>

#include "adapters/adapter.h"
#include "adapters/transfer.h"

const struct config_key email_keys[] = {
    {.name = "host", .kind = CONFIG_TEXT, .help = "the mail server"},
    {.name = "port",
     .kind = CONFIG_INT,
     .least = 1,
     .most = 65535,
     .help = "587 for starttls, 465 for implicit, 25 for none unless given"},
    {.name = "tls",
     .kind = CONFIG_CHOICE,
     .otherwise = "starttls",
     .choices = "starttls|implicit|none",
     .help = "none is refused unless the host is loopback"},
    {.name = "ca_file",
     .kind = CONFIG_PATH,
     .help = "who may vouch for the server; the system's authorities unless given"},
    {.name = "relay_tls",
     .kind = CONFIG_CHOICE,
     .otherwise = "unknown",
     .choices = "unknown|require|require-verified",
     .help = "what the mail server is set up to keep on its own way on"},
    {.name = "minimal_link",
     .kind = CONFIG_TEXT,
     .help = "https address that a message without names leads to, the reference behind it"},
    {.name = "username", .kind = CONFIG_TEXT, .help = "login, with password_file"},
    {.name = "password_file", .kind = CONFIG_SECRET, .help = "its first line is the password"},
    {.name = "from", .kind = CONFIG_TEXT, .help = "the sender's address"},
    {.name = "from_name", .kind = CONFIG_TEXT, .help = "the sender's name"},
    {.name = "reply_to",
     .kind = CONFIG_TEXT,
     .help = "where replies go unless to the sender; somebody must read them before the bell"},
    {.name = "bounce_address",
     .kind = CONFIG_TEXT,
     .help = "the envelope's sender, to whom failures are reported; the sender unless given"},
    {.name = "bounce_tag",
     .kind = CONFIG_BOOL,
     .otherwise = "yes",
     .help = "bounce_address gets +KEY, so that a failure names its message"},
    {.name = "bounce_maildir",
     .kind = CONFIG_PATH,
     .help = "the maildir that bounce_address is delivered to; the daemon reads it"},
    {.name = "helo",
     .kind = CONFIG_TEXT,
     .help = "how we greet the server; the sender's domain unless given"},
    ADAPTER_KEYS("10", "60s"),
    {.name = NULL},
};

static const char *text_of(const struct config *conf, const char *key)
{
    return config_text(conf, email_adapter.section, key);
}

static int wrong(struct err *err, const char *what)
{
    return err_set(err, ERR_CONFIG, "[%s] %s", email_adapter.section, what);
}

void email_server_url(char url[EMAIL_URL_SIZE], const char *protocol, const char *host, int port,
                      const char *helo)
{
    bool bare_six = strchr(host, ':') && host[0] != '[';

    snprintf(url, EMAIL_URL_SIZE, "%s://%s%s%s:%d/%s", protocol, bare_six ? "[" : "", host,
             bare_six ? "]" : "", port, helo);
}

static int read_server(struct email_settings *e, const struct config *conf, struct err *err)
{
    const char *host = text_of(conf, "host");
    const char *tls = text_of(conf, "tls");
    const char *helo = text_of(conf, "helo");
    const char *port = text_of(conf, "port");

    if (!host || !mail_host_is_plain(host))
        return wrong(err, "host is missing or is no host name");
    e->starttls = strcmp(tls, "starttls") == 0;
    e->implicit = strcmp(tls, "implicit") == 0;
    if (!e->starttls && !e->implicit && !transfer_host_is_loopback(host))
        return wrong(err, "tls = none is allowed for a host on this machine only");
    if (!helo)
        helo = strchr(e->sender.address, '@') + 1;
    if (!mail_host_is_plain(helo))
        return wrong(err, "helo is no host name");
    e->helo = helo;
    email_server_url(e->url, e->implicit ? "smtps" : "smtp", host,
                     port          ? (int)config_int(conf, email_adapter.section, "port")
                     : e->starttls ? 587
                     : e->implicit ? 465
                                   : 25,
                     helo);
    return 0;
}

static int read_sender(struct email_settings *e, const struct config *conf, struct err *err)
{
    e->sender.address = text_of(conf, "from");
    e->sender.name = text_of(conf, "from_name");
    e->sender.reply_to = text_of(conf, "reply_to");
    if (!e->sender.address || !mime_address_is_plain(e->sender.address))
        return wrong(err, "from is missing or is no plain address such as encompass@example.org");
    if (e->sender.reply_to && !mime_address_is_plain(e->sender.reply_to))
        return wrong(err, "reply_to is no plain address such as encompass@example.org");
    return 0;
}

/* Every mail system on the way has to report a failure to the envelope's sender (RFC 5321 3.6.3,
 * 4.4), so the message's key rides there: bounces+KEY@example.org (RFC 5233). ENVID (RFC 3461) would
 * need every hop to know it, and libcurl to say it, which it cannot before 8.16. */
int email_envelope_sender(const struct email_settings *e, const char *key, char *out, size_t size)
{
    const char *at = strchr(e->bounce_address, '@');
    int n = e->bounce_tag ? snprintf(out, size, "%.*s+%s%s", (int)(at - e->bounce_address),
                                     e->bounce_address, key, at)
                          : snprintf(out, size, "%s", e->bounce_address);

    return n > 0 && (size_t)n < size && mime_address_is_plain(out) ? 0 : -1;
}

static int read_bounces(struct email_settings *e, const struct config *conf, struct err *err)
{
    static const char longest[] = "00000000000000000000000000";
    char sender[EMAIL_ADDRESS_SIZE];

    e->bounce_address = text_of(conf, "bounce_address");
    e->bounce_tag = e->bounce_address && config_bool(conf, email_adapter.section, "bounce_tag");
    if (!e->bounce_address)
        e->bounce_address = e->sender.address;
    if (!mime_address_is_plain(e->bounce_address))
        return wrong(err, "bounce_address is no plain address such as bounces@example.org");
    if (email_envelope_sender(e, longest, sender, sizeof sender) < 0)
        return wrong(err, "bounce_address is too long to have a key behind its local part");
    return 0;
}

static int read_login(struct email_settings *e, const struct config *conf, struct err *err)
{
    int rc = config_secret(conf, email_adapter.section, "password_file", &e->password, err);

    e->username = text_of(conf, "username");
    if (rc < 0)
        return -1;
    if ((e->username != NULL) != (rc == 1))
        return wrong(err, "username and password_file go together");
    return 0;
}

static int read_domains(struct email_settings *e, const struct config *conf, struct err *err)
{
    const char *relay = text_of(conf, "relay_tls");

    e->relay_tls = strcmp(relay, "require") == 0            ? MAIL_TLS_REQUIRE
                   : strcmp(relay, "require-verified") == 0 ? MAIL_TLS_VERIFIED
                                                            : MAIL_TLS_RELAY;
    e->minimal_link = text_of(conf, "minimal_link");
    if (e->minimal_link && strncmp(e->minimal_link, "https://", 8) != 0)
        return wrong(err, "minimal_link does not begin with https://");
    return mail_domains_open(&e->domains, conf, e->relay_tls, e->minimal_link, err);
}

int email_settings_read(struct email_settings *e, const struct config *conf, struct err *err)
{
    e->ca_file = text_of(conf, "ca_file");
    e->timeout = (long)config_int(conf, email_adapter.section, "timeout");
    return read_sender(e, conf, err) < 0 || read_bounces(e, conf, err) < 0 ||
                   read_server(e, conf, err) < 0 || read_login(e, conf, err) < 0 ||
                   read_domains(e, conf, err) < 0
               ? -1
               : 0;
}

void email_settings_release(struct email_settings *e)
{
    mail_domains_close(&e->domains);
    personal_release(&e->password);
}
