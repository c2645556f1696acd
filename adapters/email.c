/* Mail by SMTP (RFC 5321), one recipient a message.
 *
 * Each mail is sent by a lane (mail_lanes.h has why), a thread whose curl handle keeps its one connection
 * for the next mail, so there are at most `concurrency` connections. libcurl does not pipeline (RFC 2920):
 * up to and beyond 7.88 it waits for the reply to each of MAIL, RCPT, DATA and the content, four round
 * trips a mail where two would do, whatever the server offers; nor does it hand on parameters of MAIL and
 * RCPT (ENVID, NOTIFY, REQUIRETLS) before 8.16. tests/bench/mail_trips.py measures what the trips cost;
 * more connections make up for it.
 *
 * libcurl also uses a connection of smtp:// again without looking at how it was secured by STARTTLS, so
 * one that is not verified is never kept.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "adapters/email_settings.h"
#include "adapters/mail_domains.h"
#include "adapters/mail_lanes.h"
#include "adapters/mime.h"
#include "adapters/smtp_reply.h"
#include "adapters/transfer.h"
#include "base/clock.h"

enum { MAIL_BYTES_MAX = 8 * 1024 * 1024, LEAVE_SECONDS = 3 };

struct email {
    struct email_settings set;
    struct mail_lanes *lanes;
};

/* One transfer under way. */
struct mail {
    CURL *transfer;
    struct mail_lane *lane;
    struct mail_domain *domain; /* whose server it goes to; NULL: the relay */
    struct buf content;
    size_t given;                      /* bytes that curl has taken */
    struct curl_slist *recipient;      /* curl wants a list */
    char sender[EMAIL_ADDRESS_SIZE];   /* the envelope's */
    char error[CURL_ERROR_SIZE];       /* begins with the command that was refused */
    char enhanced[SMTP_ENHANCED_SIZE]; /* of the last reply, "" none */
};

static void email_close(void *self)
{
    struct email *e = self;

    mail_lanes_free(e->lanes);
    email_settings_release(&e->set);
    free(e);
}

static int email_open(const struct config *conf, void **self, struct err *err)
{
    struct email *e = calloc(1, sizeof *e);

    if (!e)
        return err_memory(err);
    e->lanes = mail_lanes_new(err);
    if (!e->lanes || email_settings_read(&e->set, conf, err) < 0) {
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

    return at ? mail_domains_find(&e->set.domains, at + 1) : NULL;
}

static const char *email_minimal(void *self, const struct personal *to_address)
{
    const struct email *e = self;

    return mail_domain_is_minimal(domain_of(e, to_address), e->set.relay_tls, clock_monotonic_ms())
               ? e->set.minimal_link
               : NULL;
}

static CURL *to_relay(struct email *e, CURL *kept, struct err *err)
{
    CURL *c = transfer_again(kept, e->set.url, e->set.implicit ? "smtps" : "smtp", e->set.ca_file,
                             e->set.timeout, err);

    if (c && e->set.username &&
        (curl_easy_setopt(c, CURLOPT_USERNAME, e->set.username) != CURLE_OK ||
         curl_easy_setopt(c, CURLOPT_PASSWORD, personal_reveal(&e->set.password)) != CURLE_OK)) {
        curl_easy_cleanup(c);
        err_memory(err);
        return NULL;
    }
    if (c && e->set.starttls)
        curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    return c;
}

/* The relay's login is not for others. */
static CURL *to_server(struct email *e, const struct mail_domain *d, CURL *kept, struct err *err)
{
    bool minimal = mail_domain_is_minimal(d, e->set.relay_tls, clock_monotonic_ms());
    char url[EMAIL_URL_SIZE];
    CURL *c;

    email_server_url(url, "smtp", d->server, (int)d->port, e->set.helo);
    c = transfer_again(kept, url, "smtp", d->ca_file, e->set.timeout, err);
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
    CURL *kept = mail_lane_handle(mail->lane);
    CURL *c = mail->domain ? to_server(e, mail->domain, kept, err) : to_relay(e, kept, err);

    mail_lane_set_handle(mail->lane, c);
    if (!c)
        return NULL;
    if (curl_easy_setopt(c, CURLOPT_MAIL_FROM, mail->sender) != CURLE_OK) {
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

    if (!message->nameless &&
        mail_domain_is_minimal(domain, e->set.relay_tls, clock_monotonic_ms()))
        return err_set(err, ERR_SYSTEM, "names may not travel there at this moment");
    mail = calloc(1, sizeof *mail);
    if (!mail)
        return err_memory(err);
    mail->domain = domain && domain->server ? domain : NULL;
    buf_init(&mail->content, MAIL_BYTES_MAX);
    if (mime_build(&e->set.sender, message, &mail->content, err) < 0)
        goto fail;
    if (email_envelope_sender(&e->set, message->key, mail->sender, sizeof mail->sender) < 0) {
        err_set(err, ERR_INVALID, "the message's key cannot stand in an address");
        goto fail;
    }
    mail->recipient = curl_slist_append(NULL, personal_reveal(&message->to_address));
    if (!mail->recipient) {
        err_memory(err);
        goto fail;
    }
    mail->lane = mail_lanes_take(e->lanes, mail->domain, err);
    if (!mail->lane || !prepare(e, mail, err))
        goto fail;
    mail_lane_run(mail->lane, e->set.timeout, mail);
    *transfer = NULL;
    *work = mail;
    return 0;
fail:
    if (mail->lane)
        mail_lane_end(mail->lane);
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

static void email_wake(void *self, CURLM *multi)
{
    struct email *e = self;

    mail_lanes_wake(e->lanes, multi);
}

static void *email_ended(void *self)
{
    struct email *e = self;

    return mail_lanes_next_over(e->lanes);
}

static enum verdict email_judge(void *self, CURL *transfer, void *work, CURLcode how,
                                struct outcome *outcome)
{
    struct email *e = self;
    struct mail *mail = work;
    enum verdict verdict = VERDICT_SENT;
    const char *step = "content";
    long code = 0;

    (void)transfer;
    if (how == CURLE_ABORTED_BY_CALLBACK)
        mail_lanes_stop(e->lanes);
    how = mail_lane_wait(mail->lane);
    curl_easy_getinfo(mail->transfer, CURLINFO_RESPONSE_CODE, &code);
    if (how == CURLE_WEIRD_SERVER_REPLY && mail->given == mail->content.length && code / 100 == 2)
        how = CURLE_OK; /* RFC 5321 4.3.2: the first digit counts; curl wants 250 */
    /* A code that belongs to a step which went well says nothing of a connection that broke. */
    outcome->code = how == CURLE_OK || (code >= 400 && code < 600) ? (int)code : 0;
    if (how != CURLE_OK)
        verdict = judge_failure(mail, how, outcome->code, &step);
    if (mail->domain && verdict == VERDICT_BROKEN)
        verdict = judge_server(mail->domain, how, outcome);
    else if (mail->domain && outcome->code == 0)
        outcome->alone = true; /* that the relay is silent it does not say */
    if (outcome->code > 0)
        snprintf(outcome->detail, sizeof outcome->detail, "%s %d%s%s", step, outcome->code,
                 mail->enhanced[0] ? " " : "", mail->enhanced);
    else
        snprintf(outcome->detail, sizeof outcome->detail, "%s: %s", step, curl_easy_strerror(how));
    mail_lane_end(mail->lane);
    mail_free(mail);
    return verdict;
}

/* ---- tried, and nothing sent: EHLO, STARTTLS, AUTH, NOOP, QUIT ---- */

/* The relay, then the domains' own servers. */
static int email_place(void *self, size_t n, struct probe *out)
{
    const struct email *e = self;
    char url[EMAIL_URL_SIZE];

    if (n == 0) {
        snprintf(out->subject, sizeof out->subject, "[%s] host", email_adapter.section);
        probe_at(e->set.url, out->at);
        return 1;
    }
    for (size_t i = 0; i < e->set.domains.count; i++) {
        const struct mail_domain *d = &e->set.domains.list[i];

        if (!d->server || --n > 0)
            continue;
        snprintf(out->subject, sizeof out->subject, "[%s] server", d->section);
        email_server_url(url, "smtp", d->server, (int)d->port, e->set.helo);
        probe_at(url, out->at);
        out->place = d;
        return 1;
    }
    return 0;
}

struct greeting {
    struct mail mail; /* nothing in it */
    bool logged_in;
};

static size_t read_greeting(char *line, size_t size, size_t count, void *user)
{
    struct greeting *g = user;

    if (size * count > 4 && memcmp(line, "235", 3) == 0) /* RFC 4954 */
        g->logged_in = true;
    return read_reply(line, size, count, &g->mail);
}

static const char *todo_of(enum smtp_step step, CURLcode how)
{
    if (step == SMTP_LOGIN)
        return "mend username and password_file, or have the login allowed there";
    if (step == SMTP_STARTTLS || how == CURLE_USE_SSL_FAILED)
        return "have it offer STARTTLS; where it has TLS from the first byte: tls = implicit";
    return "ask whoever runs it whether this machine may send there";
}

static void say_failure(struct probe *p, struct greeting *g, CURLcode how)
{
    const struct mail_domain *d = p->place;
    const char *step = "", *todo;
    long code = 0;

    curl_easy_getinfo(g->mail.transfer, CURLINFO_RESPONSE_CODE, &code);
    if (code < 400 || code > 599)
        code = 0;
    judge_failure(&g->mail, how, (int)code, &step);
    todo = todo_of(step_of(&g->mail, how), how);
    if (code > 0)
        probe_says(p, PROBED_WRONG, todo, "%s: refused, %ld%s%s", step, code,
                   g->mail.enhanced[0] ? " " : "", g->mail.enhanced);
    else if (how == CURLE_LOGIN_DENIED)
        probe_says(p, PROBED_WRONG, todo, "login: no way to log in that both know");
    else if (how == CURLE_USE_SSL_FAILED)
        probe_says(p, PROBED_WRONG, todo, "TLS: it offers no STARTTLS");
    else
        probe_connection(p, g->mail.transfer, how, g->mail.error, "");
    if (d && d->tls == MAIL_TLS_MINIMAL && is_tls_failure(how)) {
        p->how = PROBED_BEARABLE; /* a message without names goes there */
        p->todo = "have its TLS mended: until then messages go there without names";
    }
}

static void say_success(const struct email *e, struct probe *p, const struct greeting *g)
{
    const struct mail_domain *d = p->place;

    if (!d && e->set.username && !g->logged_in)
        probe_says(p, PROBED_WRONG, "have it offer AUTH on this port, or take username out",
                   "login: it offers none, and mails would go without");
    else if (!d)
        probe_says(p, PROBED_FINE, "", "%s%s",
                   e->set.starttls || e->set.implicit ? "TLS verified" : "connected, unencrypted",
                   g->logged_in ? ", logged in" : "");
    else
        probe_says(p, PROBED_FINE, "",
                   d->tls == MAIL_TLS_REQUIRE ? "encrypted, its certificate not looked at"
                                              : "TLS verified");
}

static void email_probe(void *self, struct probe *p)
{
    struct email *e = self;
    struct greeting g = {.logged_in = false};
    struct err err;
    CURLcode how;
    CURL *c = p->place ? to_server(e, p->place, NULL, &err) : to_relay(e, NULL, &err);

    if (!c) {
        probe_says(p, PROBED_WRONG, "try again", "%s", err.text);
        return;
    }
    g.mail.transfer = c;
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "NOOP");
    curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, read_greeting);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, &g);
    curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT, p->most_seconds);
    how = probe_perform(p, c, g.mail.error);
    curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)LEAVE_SECONDS);
    if (how == CURLE_OK)
        say_success(e, p, &g);
    else
        say_failure(p, &g, how);
    curl_easy_cleanup(c); /* takes leave */
}

const struct adapter email_adapter = {
    .name = "email",
    .section = "adapter \"email\"",
    .keys = email_keys,
    .reads = MESSAGE_TEXT | MESSAGE_HTML,
    .open = email_open,
    .start = email_start,
    .wake = email_wake,
    .ended = email_ended,
    .judge = email_judge,
    .minimal = email_minimal,
    .place = email_place,
    .probe = email_probe,
    .close = email_close,
};
