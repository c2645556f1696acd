/* Mail by SMTP (RFC 5321), one recipient a message. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "adapters/mime.h"
#include "adapters/transfer.h"

enum { MAIL_BYTES_MAX = 8 * 1024 * 1024, URL_SIZE = 640, ENHANCED_SIZE = 12, LEAVE_SECONDS = 3 };

struct email {
    char url[URL_SIZE];
    bool starttls, implicit;
    const char *ca_file;
    const char *username;
    struct personal password;
    struct mime_sender sender;
    long timeout;
};

/* One transfer under way. */
struct mail {
    CURL *transfer;
    struct buf content;
    size_t given;                 /* bytes that curl has taken */
    struct curl_slist *recipient; /* curl wants a list */
    char error[CURL_ERROR_SIZE];  /* begins with the command that was refused */
    char enhanced[ENHANCED_SIZE]; /* of the last reply (RFC 3463), "" none */
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
    {.name = "username", .kind = CONFIG_TEXT, .help = "login, with password_file"},
    {.name = "password_file", .kind = CONFIG_PATH, .help = "its first line is the password"},
    {.name = "from", .kind = CONFIG_TEXT, .help = "the sender's address"},
    {.name = "from_name", .kind = CONFIG_TEXT, .help = "the sender's name"},
    {.name = "reply_to",
     .kind = CONFIG_TEXT,
     .help = "where replies go unless to the sender; somebody must read them before the bell"},
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

static bool is_host(const char *text)
{
    return *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789.-:[]")] == '\0';
}

static int read_server(struct email *e, const struct config *conf, struct err *err)
{
    const char *host = text_of(conf, "host");
    const char *tls = text_of(conf, "tls");
    const char *helo = text_of(conf, "helo");
    const char *port = text_of(conf, "port");
    bool bare_six;

    if (!host || !is_host(host))
        return wrong(err, "host is missing or is no host name");
    e->starttls = strcmp(tls, "starttls") == 0;
    e->implicit = strcmp(tls, "implicit") == 0;
    if (!e->starttls && !e->implicit && !transfer_host_is_loopback(host))
        return wrong(err, "tls = none is allowed for a host on this machine only");
    if (!helo)
        helo = strchr(e->sender.address, '@') + 1;
    if (!is_host(helo))
        return wrong(err, "helo is no host name");
    bare_six = strchr(host, ':') && host[0] != '[';
    snprintf(e->url, sizeof e->url, "%s://%s%s%s:%s/%s", e->implicit ? "smtps" : "smtp",
             bare_six ? "[" : "", host, bare_six ? "]" : "",
             port          ? port
             : e->starttls ? "587"
             : e->implicit ? "465"
                           : "25",
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

static void email_close(void *self)
{
    struct email *e = self;

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
    if (read_sender(e, conf, err) < 0 || read_server(e, conf, err) < 0 ||
        read_login(e, conf, err) < 0) {
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

/* curl hands each line of a reply to the header function. The text after the codes is the far
 * side's own and can hold the address: it is not kept. */
static size_t read_reply(char *line, size_t size, size_t count, void *user)
{
    struct mail *mail = user;
    size_t length = size * count;
    size_t n = 0;

    if (length < 3 || memcmp(line, "221", 3) == 0)
        return length; /* curl takes leave before it tells us of a refusal */
    /* After a refusal curl says QUIT and waits for the reply, and all of us with it. */
    if (line[0] == '4' || line[0] == '5')
        curl_easy_setopt(mail->transfer, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)LEAVE_SECONDS);
    mail->enhanced[0] = '\0';
    if (length < 5 || !(line[4] == '2' || line[4] == '4' || line[4] == '5'))
        return length;
    while (4 + n < length && n < ENHANCED_SIZE - 1 &&
           ((line[4 + n] >= '0' && line[4 + n] <= '9') || line[4 + n] == '.'))
        n++;
    if (n >= 5 && line[5] == '.' && (4 + n == length || strchr(" \r\n", line[4 + n]))) {
        memcpy(mail->enhanced, line + 4, n);
        mail->enhanced[n] = '\0';
    }
    return length;
}

static void mail_free(struct mail *mail)
{
    buf_release(&mail->content);
    curl_slist_free_all(mail->recipient);
    free(mail);
}

static CURL *prepare(struct email *e, struct mail *mail, struct err *err)
{
    CURL *c = transfer_new(e->url, e->implicit ? "smtps" : "smtp", e->ca_file, e->timeout, err);
    bool ok;

    if (!c)
        return NULL;
    ok = curl_easy_setopt(c, CURLOPT_MAIL_FROM, e->sender.address) == CURLE_OK &&
         (!e->username ||
          (curl_easy_setopt(c, CURLOPT_USERNAME, e->username) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PASSWORD, personal_reveal(&e->password)) == CURLE_OK));
    if (!ok) {
        curl_easy_cleanup(c);
        err_memory(err);
        return NULL;
    }
    mail->transfer = c;
    if (e->starttls)
        curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
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
    struct mail *mail = calloc(1, sizeof *mail);

    if (!mail)
        return err_memory(err);
    buf_init(&mail->content, MAIL_BYTES_MAX);
    if (mime_build(&e->sender, message, &mail->content, err) < 0)
        goto fail;
    mail->recipient = curl_slist_append(NULL, personal_reveal(&message->to_address));
    if (!mail->recipient) {
        err_memory(err);
        goto fail;
    }
    *transfer = prepare(e, mail, err);
    if (!*transfer)
        goto fail;
    *work = mail;
    return 0;
fail:
    mail_free(mail);
    return -1;
}

static bool enhanced_is(const struct mail *mail, const char *class_and_subject)
{
    return strncmp(mail->enhanced, class_and_subject, strlen(class_and_subject)) == 0;
}

/* What a reply to RCPT or DATA, or to the message itself, says of this recipient. Mailboxes are emptied,
 * lists of blocked senders mended: only what is about the address itself, or the message's size, is
 * for good. A sender that is refused (5.1.7, 5.1.8) is refused for everybody. */
static enum verdict judge_recipient(const struct mail *mail, long code, bool whole)
{
    if (enhanced_is(mail, "5.1.7") || enhanced_is(mail, "5.1.8"))
        return VERDICT_BROKEN;
    if (enhanced_is(mail, "5.2.3") || enhanced_is(mail, "5.3.4"))
        return VERDICT_NEVER;
    if (code < 500 || code == 552 || enhanced_is(mail, "5.2.2"))
        return VERDICT_LATER;
    if (enhanced_is(mail, "5.1.") || enhanced_is(mail, "5.2.1"))
        return VERDICT_NEVER;
    if (whole) /* the content was refused: another contact may have another server */
        return VERDICT_NEVER;
    if (enhanced_is(mail, "5.7."))
        return VERDICT_LATER;
    return code == 550 || code == 551 || code == 553 ? VERDICT_NEVER : VERDICT_LATER;
}

static enum verdict judge_refusal(const struct mail *mail, long code, const char **step)
{
    bool whole = mail->given == mail->content.length;

    if (code == 530 || code == 534 || code == 535 || code == 538) {
        *step = "login";
        return VERDICT_BROKEN;
    }
    *step = whole                                  ? "content"
            : strncmp(mail->error, "RCPT", 4) == 0 ? "RCPT"
            : strncmp(mail->error, "DATA", 4) == 0 ? "DATA"
            : strncmp(mail->error, "MAIL", 4) == 0 ? "MAIL"
                                                   : "greeting";
    /* Some servers look at the recipient at DATA only. */
    if (whole || strcmp(*step, "RCPT") == 0 || strcmp(*step, "DATA") == 0)
        return judge_recipient(mail, code, whole);
    /* The others have nothing to do with this recipient. */
    /* The size that MAIL announces (RFC 1870): the next mail may fit. */
    if (code == 552 && strcmp(*step, "MAIL") == 0)
        return VERDICT_NEVER;
    return code < 500 ? VERDICT_LATER : VERDICT_BROKEN;
}

static enum verdict judge_failure(const struct mail *mail, CURLcode how, long code,
                                  const char **step)
{
    switch (how) {
    case CURLE_LOGIN_DENIED:
        *step = "login";
        return code >= 400 && code < 500 ? VERDICT_LATER : VERDICT_BROKEN;
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_REMOTE_ACCESS_DENIED: /* EHLO and HELO refused */
        *step = "TLS";
        if (how == CURLE_REMOTE_ACCESS_DENIED)
            *step = "greeting";
        return VERDICT_BROKEN;
    case CURLE_SEND_ERROR:
    case CURLE_WEIRD_SERVER_REPLY:
        if (code >= 400 && code < 600)
            return judge_refusal(mail, code, step);
        break;
    default:
        break;
    }
    *step = "connection";
    return VERDICT_LATER;
}

static enum verdict email_judge(void *self, CURL *transfer, void *work, CURLcode how,
                                struct outcome *outcome)
{
    struct mail *mail = work;
    enum verdict verdict = VERDICT_SENT;
    const char *step = "content";
    long code = 0;

    (void)self;
    curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &code);
    if (how == CURLE_WEIRD_SERVER_REPLY && mail->given == mail->content.length && code / 100 == 2)
        how = CURLE_OK; /* RFC 5321 4.3.2: the first digit counts; curl wants 250 */
    if (how != CURLE_OK)
        verdict = judge_failure(mail, how, code, &step);
    /* A code that belongs to a step which went well says nothing of a connection that broke. */
    outcome->code = how == CURLE_OK || (code >= 400 && code < 600) ? (int)code : 0;
    if (outcome->code > 0)
        snprintf(outcome->detail, sizeof outcome->detail, "%s %d%s%s", step, outcome->code,
                 mail->enhanced[0] ? " " : "", mail->enhanced);
    else
        snprintf(outcome->detail, sizeof outcome->detail, "%s: %s", step, curl_easy_strerror(how));
    curl_easy_cleanup(transfer);
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
    .close = email_close,
};
