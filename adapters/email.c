/* Mail by SMTP (RFC 5321), one recipient a message.
 *
 * Each mail is sent in a thread of its own (mail_thread.h has why) by a curl handle that keeps its one
 * connection for the next, so there are at most `concurrency` connections. libcurl does not pipeline (RFC 2920): up to and beyond 7.88 it waits for the reply to
 * each of MAIL, RCPT, DATA and the content, four round trips a mail where two would do, whatever the
 * server offers; nor does it hand on parameters of MAIL and RCPT (ENVID, NOTIFY, REQUIRETLS) before
 * 8.16. tests/bench/mail_trips.py measures what the trips cost; more connections make up for it.
 *
 * libcurl also uses a connection of smtp:// again without looking at how it was secured by STARTTLS, so
 * one that is not verified is never kept.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "adapters/adapter.h"
#include "adapters/mail_domains.h"
#include "adapters/mail_thread.h"
#include "adapters/mime.h"
#include "adapters/smtp_reply.h"
#include "adapters/transfer.h"
#include "base/clock.h"

enum {
    MAIL_BYTES_MAX = 8 * 1024 * 1024,
    URL_SIZE = 640,
    ADDRESS_SIZE = 320,
    LEAVE_SECONDS = 3,
    IDLE_MOST = 64
};

struct email {
    char url[URL_SIZE];
    bool starttls, implicit;
    const char *ca_file;
    const char *username;
    struct personal password;
    struct mime_sender sender;
    const char *bounce_address;
    bool bounce_tag;
    long timeout;
    const char *helo;
    enum mail_tls relay_tls;
    const char *minimal_link;
    struct mail_domains domains;
    CURL *idle[IDLE_MOST]; /* handles, with the connection that each keeps */
    size_t idle_count;
    atomic_bool stop; /* for all threads: we are leaving */
};

/* One transfer under way. */
struct mail {
    CURL *transfer;
    struct mail_thread thread;
    struct mail_domain *domain; /* whose server it goes to; NULL: the relay */
    struct buf content;
    size_t given;                      /* bytes that curl has taken */
    struct curl_slist *recipient;      /* curl wants a list */
    char sender[ADDRESS_SIZE];         /* the envelope's */
    char error[CURL_ERROR_SIZE];       /* begins with the command that was refused */
    char enhanced[SMTP_ENHANCED_SIZE]; /* of the last reply, "" none */
};

static const struct config_key keys[] = {
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
    {.name = "password_file", .kind = CONFIG_PATH, .help = "its first line is the password"},
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

static void server_url(char url[URL_SIZE], const char *protocol, const char *host, int port,
                       const char *helo)
{
    bool bare_six = strchr(host, ':') && host[0] != '[';

    snprintf(url, URL_SIZE, "%s://%s%s%s:%d/%s", protocol, bare_six ? "[" : "", host,
             bare_six ? "]" : "", port, helo);
}

static int read_server(struct email *e, const struct config *conf, struct err *err)
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
    server_url(e->url, e->implicit ? "smtps" : "smtp", host,
               port          ? (int)config_int(conf, email_adapter.section, "port")
               : e->starttls ? 587
               : e->implicit ? 465
                             : 25,
               helo);
    return 0;
}

static int read_sender(struct email *e, const struct config *conf, struct err *err)
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
static int envelope_sender(const struct email *e, const char *key, char *out, size_t size)
{
    const char *at = strchr(e->bounce_address, '@');
    int n = e->bounce_tag ? snprintf(out, size, "%.*s+%s%s", (int)(at - e->bounce_address),
                                     e->bounce_address, key, at)
                          : snprintf(out, size, "%s", e->bounce_address);

    return n > 0 && (size_t)n < size && mime_address_is_plain(out) ? 0 : -1;
}

static int read_bounces(struct email *e, const struct config *conf, struct err *err)
{
    static const char longest[] = "00000000000000000000000000";
    char sender[ADDRESS_SIZE];

    e->bounce_address = text_of(conf, "bounce_address");
    e->bounce_tag = e->bounce_address && config_bool(conf, email_adapter.section, "bounce_tag");
    if (!e->bounce_address)
        e->bounce_address = e->sender.address;
    if (!mime_address_is_plain(e->bounce_address))
        return wrong(err, "bounce_address is no plain address such as bounces@example.org");
    if (envelope_sender(e, longest, sender, sizeof sender) < 0)
        return wrong(err, "bounce_address is too long to have a key behind its local part");
    return 0;
}

static int read_login(struct email *e, const struct config *conf, struct err *err)
{
    int rc = config_secret(conf, email_adapter.section, "password_file", &e->password, err);

    e->username = text_of(conf, "username");
    if (rc < 0)
        return -1;
    if ((e->username != NULL) != (rc == 1))
        return wrong(err, "username and password_file go together");
    return 0;
}

static int read_domains(struct email *e, const struct config *conf, struct err *err)
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

/* curl says QUIT when it shuts a connection, and would wait two minutes for the reply. It still says it. */
static void hang_up(CURL *c)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (curl_easy_getinfo(c, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD)
        shutdown(fd, SHUT_RD);
}

static void email_close(void *self)
{
    struct email *e = self;

    while (e->idle_count > 0) {
        hang_up(e->idle[--e->idle_count]);
        curl_easy_cleanup(e->idle[e->idle_count]);
    }
    mail_domains_close(&e->domains);

    personal_release(&e->password);
    free(e);
}

static int email_open(const struct config *conf, void **self, struct err *err)
{
    struct email *e = calloc(1, sizeof *e);

    if (!e)
        return err_memory(err);
    e->ca_file = text_of(conf, "ca_file");
    e->timeout = (long)config_int(conf, email_adapter.section, "timeout");
    if (read_sender(e, conf, err) < 0 || read_bounces(e, conf, err) < 0 ||
        read_server(e, conf, err) < 0 || read_login(e, conf, err) < 0 ||
        read_domains(e, conf, err) < 0) {
        email_close(e);
        return -1;
    }
    *self = e;
    return 0;
}

static size_t give(char *data, size_t size, size_t count, void *user)
{
    struct mail *mail = user;
    size_t left = mail->content.length - mail->given;
    size_t n = size * count < left ? size * count : left;

    memcpy(data, mail->content.data + mail->given, n);
    mail->given += n;
    return n;
}

/* curl hands each line of a reply to the header function. */
static size_t read_reply(char *line, size_t size, size_t count, void *user)
{
    struct mail *mail = user;
    size_t length = size * count;

    if (length < 3 || memcmp(line, "221", 3) == 0)
        return length; /* curl takes leave before it tells us of a refusal */
    /* After a refusal curl says QUIT and waits for the reply, and all of us with it. */
    if (line[0] == '4' || line[0] == '5')
        curl_easy_setopt(mail->transfer, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)LEAVE_SECONDS);
    smtp_enhanced(line, length, mail->enhanced);
    return length;
}

static void mail_free(struct mail *mail)
{
    buf_release(&mail->content);
    curl_slist_free_all(mail->recipient);
    free(mail);
}

static struct mail_domain *domain_of(const struct email *e, const struct personal *to_address)
{
    const char *at = strrchr(personal_reveal(to_address), '@');

    return at ? mail_domains_find(&e->domains, at + 1) : NULL;
}

static const char *email_minimal(void *self, const struct personal *to_address)
{
    const struct email *e = self;

    return mail_domain_is_minimal(domain_of(e, to_address), e->relay_tls, clock_monotonic_ms())
               ? e->minimal_link
               : NULL;
}

static CURL *take_idle(struct email *e)
{
    return e->idle_count > 0 ? e->idle[--e->idle_count] : NULL;
}

/* What is left over would take its leave of the server while everybody waits. */
static void put_idle(struct email *e, CURL *c)
{
    if (e->idle_count < IDLE_MOST)
        e->idle[e->idle_count++] = c;
    else
        curl_easy_cleanup(c);
}

static CURL *to_relay(struct email *e, struct err *err)
{
    CURL *c = transfer_again(take_idle(e), e->url, e->implicit ? "smtps" : "smtp", e->ca_file,
                             e->timeout, err);

    if (c && e->username &&
        (curl_easy_setopt(c, CURLOPT_USERNAME, e->username) != CURLE_OK ||
         curl_easy_setopt(c, CURLOPT_PASSWORD, personal_reveal(&e->password)) != CURLE_OK)) {
        curl_easy_cleanup(c);
        err_memory(err);
        return NULL;
    }
    if (c && e->starttls)
        curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    return c;
}

/* The relay's login is not for others. */
static CURL *to_server(struct email *e, const struct mail_domain *d, struct err *err)
{
    bool minimal = mail_domain_is_minimal(d, e->relay_tls, clock_monotonic_ms());
    char url[URL_SIZE];
    CURL *c;

    server_url(url, "smtp", d->server, (int)d->port, e->helo);
    c = transfer_again(take_idle(e), url, "smtp", d->ca_file, e->timeout, err);
    if (!c)
        return NULL;
    curl_easy_setopt(c, CURLOPT_USE_SSL,
                     !minimal                 ? (long)CURLUSESSL_ALL
                     : d->worse == MAIL_CLEAR ? (long)CURLUSESSL_NONE
                                              : (long)CURLUSESSL_TRY);
    if (minimal || d->tls == MAIL_TLS_REQUIRE) {
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
        curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
    }
    return c;
}

static CURL *prepare(struct email *e, struct mail *mail, struct err *err)
{
    CURL *c = mail->domain ? to_server(e, mail->domain, err) : to_relay(e, err);

    if (!c)
        return NULL;
    if (curl_easy_setopt(c, CURLOPT_MAIL_FROM, mail->sender) != CURLE_OK) {
        curl_easy_cleanup(c);
        err_memory(err);
        return NULL;
    }
    mail->transfer = c;
    curl_easy_setopt(c, CURLOPT_MAXCONNECTS, 1L);
    curl_easy_setopt(c, CURLOPT_MAIL_RCPT, mail->recipient);
    curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(c, CURLOPT_READDATA, mail);
    curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->content.length);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, read_reply);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, mail);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, mail->error);
    return c;
}

static int email_start(void *self, const struct message *message, CURL **transfer, void **work,
                       struct err *err)
{
    struct email *e = self;
    struct mail_domain *domain = domain_of(e, &message->to_address);
    struct mail *mail;

    if (!message->nameless && mail_domain_is_minimal(domain, e->relay_tls, clock_monotonic_ms()))
        return err_set(err, ERR_SYSTEM, "names may not travel there at this moment");
    mail = calloc(1, sizeof *mail);
    if (!mail)
        return err_memory(err);
    mail->domain = domain && domain->server ? domain : NULL;
    buf_init(&mail->content, MAIL_BYTES_MAX);
    if (mime_build(&e->sender, message, &mail->content, err) < 0)
        goto fail;
    if (envelope_sender(e, message->key, mail->sender, sizeof mail->sender) < 0) {
        err_set(err, ERR_INVALID, "the message's key cannot stand in an address");
        goto fail;
    }
    mail->recipient = curl_slist_append(NULL, personal_reveal(&message->to_address));
    if (!mail->recipient) {
        err_memory(err);
        goto fail;
    }
    if (!prepare(e, mail, err))
        goto fail;
    if (mail_thread_start(&mail->thread, mail->transfer, e->timeout, &e->stop, transfer, err) < 0) {
        mail_thread_end(&mail->thread);
        put_idle(e, mail->transfer);
        goto fail;
    }
    *work = mail;
    return 0;
fail:
    mail_free(mail);
    return -1;
}

/* Which command curl was at: its error text begins with it. */
static enum smtp_step step_of(const struct mail *mail, CURLcode how)
{
    if (how == CURLE_LOGIN_DENIED)
        return SMTP_LOGIN;
    if (how == CURLE_USE_SSL_FAILED)
        return SMTP_STARTTLS;
    if (how == CURLE_REMOTE_ACCESS_DENIED)
        return SMTP_EHLO;
    return mail->given > 0 && mail->given == mail->content.length ? SMTP_CONTENT
           : strncmp(mail->error, "RCPT", 4) == 0                 ? SMTP_RCPT
           : strncmp(mail->error, "DATA", 4) == 0                 ? SMTP_DATA
           : strncmp(mail->error, "MAIL", 4) == 0                 ? SMTP_MAIL
                                                                  : SMTP_GREETING;
}

static bool is_tls_failure(CURLcode how)
{
    static const CURLcode codes[] = {CURLE_USE_SSL_FAILED,          CURLE_SSL_CONNECT_ERROR,
                                     CURLE_SSL_CACERT_BADFILE,      CURLE_PEER_FAILED_VERIFICATION,
                                     CURLE_SSL_CERTPROBLEM,         CURLE_SSL_CIPHER,
                                     CURLE_SSL_ISSUER_ERROR,        CURLE_SSL_INVALIDCERTSTATUS,
                                     CURLE_SSL_PINNEDPUBKEYNOTMATCH};

    for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
        if (how == codes[i])
            return true;
    }
    return false;
}

/* code: of a reply that refuses, 0 none. */
static enum verdict judge_failure(const struct mail *mail, CURLcode how, int code,
                                  const char **step)
{
    switch (how) {
    case CURLE_LOGIN_DENIED:
    case CURLE_USE_SSL_FAILED:
    case CURLE_REMOTE_ACCESS_DENIED:
    case CURLE_SEND_ERROR:
    case CURLE_WEIRD_SERVER_REPLY:
        *step = smtp_step_word(step_of(mail, how));
        if (code > 0)
            return smtp_judge(step_of(mail, how), code, mail->enhanced);
        /* No way to log in that both know, or no STARTTLS offered. */
        if (how == CURLE_USE_SSL_FAILED)
            *step = "TLS";
        if (how == CURLE_LOGIN_DENIED || how == CURLE_USE_SSL_FAILED)
            return VERDICT_BROKEN;
        break;
    default:
        if (!is_tls_failure(how))
            break;
        *step = "TLS";
        return VERDICT_BROKEN;
    }
    *step = "connection";
    return VERDICT_LATER;
}

/* What is broken at a domain's own server is that domain's trouble. Under minimal it is tried again
 * without names. */
static enum verdict judge_server(struct mail_domain *d, CURLcode how, struct outcome *outcome)
{
    outcome->alone = true;
    if (d->tls != MAIL_TLS_MINIMAL || d->worse == MAIL_CLEAR || !is_tls_failure(how))
        return VERDICT_BROKEN;
    mail_domain_tls_failed(d, how == CURLE_SSL_CONNECT_ERROR, clock_monotonic_ms());
    outcome->alone = false;
    return VERDICT_LATER;
}

static enum verdict email_judge(void *self, CURL *transfer, void *work, CURLcode how,
                                struct outcome *outcome)
{
    struct email *e = self;
    struct mail *mail = work;
    enum verdict verdict = VERDICT_SENT;
    const char *step = "content";
    long code = 0;

    if (how == CURLE_ABORTED_BY_CALLBACK)
        atomic_store(&e->stop, true);
    curl_easy_cleanup(transfer);
    how = mail_thread_end(&mail->thread); /* what became of the mail, whatever of the stand-in */
    curl_easy_getinfo(mail->transfer, CURLINFO_RESPONSE_CODE, &code);
    if (how == CURLE_WEIRD_SERVER_REPLY && mail->given == mail->content.length && code / 100 == 2)
        how = CURLE_OK; /* RFC 5321 4.3.2: the first digit counts; curl wants 250 */
    /* A code that belongs to a step which went well says nothing of a connection that broke. */
    outcome->code = how == CURLE_OK || (code >= 400 && code < 600) ? (int)code : 0;
    if (how != CURLE_OK)
        verdict = judge_failure(mail, how, outcome->code, &step);
    if (mail->domain && verdict == VERDICT_BROKEN)
        verdict = judge_server(mail->domain, how, outcome);
    if (outcome->code > 0)
        snprintf(outcome->detail, sizeof outcome->detail, "%s %d%s%s", step, outcome->code,
                 mail->enhanced[0] ? " " : "", mail->enhanced);
    else
        snprintf(outcome->detail, sizeof outcome->detail, "%s: %s", step, curl_easy_strerror(how));
    if (how != CURLE_OK)
        hang_up(mail->transfer); /* curl keeps a connection whose server fell silent */
    put_idle(e, mail->transfer);
    mail_free(mail);
    return verdict;
}

const struct adapter email_adapter = {
    .name = "email",
    .section = "adapter \"email\"",
    .keys = keys,
    .open = email_open,
    .start = email_start,
    .judge = email_judge,
    .minimal = email_minimal,
    .close = email_close,
};
