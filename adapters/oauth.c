#include "adapters/oauth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reply.h"
#include "adapters/transfer.h"
#include "base/clock.h"

enum {
    FORM_BYTES_MAX = 8 * 1024,
    SPARE_SECONDS = 60,   /* a token is fetched anew so long before its end, or at half its life */
    UNSAID_SECONDS = 300, /* its life where the server does not say */
};

struct oauth {
    const char *url, *id, *scope; /* the configuration's */
    const char *ca_file;
    bool in_body;
    const char *protocol;
    struct personal secret;
    struct personal token;
    unsigned number; /* counts fetches; 0 none yet */
    bool usable;
    int64_t until_ms;
};

static int read_section(struct oauth *o, const struct config *conf, const char *section,
                        struct err *err)
{
    int rc;

    o->id = config_text(conf, section, "client_id");
    o->scope = config_text(conf, section, "scope");
    o->in_body = strcmp(config_text(conf, section, "client_auth"), "post") == 0;
    if (!o->id)
        return config_wrong(conf, section, "client_id", "is missing beside token_url", err);
    o->protocol = transfer_protocol_of(o->url);
    if (!o->protocol)
        return config_wrong(conf, section, "token_url", "is no https URL", err);
    rc = config_secret(conf, section, "client_secret_file", &o->secret, err);
    if (rc == 0)
        return config_wrong(conf, section, "client_secret_file", "is missing beside token_url",
                            err);
    return rc < 0 ? -1 : 0;
}

int oauth_new(const struct config *conf, const char *section, const char *ca_file,
              struct oauth **out, struct err *err)
{
    const char *url = config_text(conf, section, "token_url");
    struct oauth *o;

    *out = NULL;
    if (!url) {
        if (config_text(conf, section, "client_id"))
            return config_wrong(conf, section, "client_id", "is of no use without token_url", err);
        return 0;
    }
    o = calloc(1, sizeof *o);
    if (!o)
        return err_memory(err);
    o->url = url;
    o->ca_file = ca_file;
    if (read_section(o, conf, section, err) < 0) {
        oauth_free(o);
        return -1;
    }
    *out = o;
    return 0;
}

void oauth_free(struct oauth *o)
{
    if (!o)
        return;
    personal_release(&o->secret);
    personal_release(&o->token);
    free(o);
}

const char *oauth_url(const struct oauth *o)
{
    return o->url;
}

const char *oauth_token(const struct oauth *o, unsigned *number)
{
    if (!o->usable || clock_monotonic_ms() >= o->until_ms)
        return NULL;
    *number = o->number;
    return personal_reveal(&o->token);
}

void oauth_refused(struct oauth *o, unsigned number)
{
    if (o->number == number)
        o->usable = false;
}

static void add_field(struct buf *form, CURL *c, const char *name, const char *value)
{
    char *escaped = curl_easy_escape(c, value, 0);

    if (!escaped) {
        form->failed = ERR_MEMORY;
        return;
    }
    buf_addf(form, "%s%s=%s", form->length > 0 ? "&" : "", name, escaped);
    personal_wipe(escaped, strlen(escaped));
    curl_free(escaped);
}

/* RFC 6749 2.3.1: both are encoded as in a form before they become user and password. */
static bool set_login(CURL *c, const struct oauth *o)
{
    char *id = curl_easy_escape(c, o->id, 0);
    char *secret = curl_easy_escape(c, personal_reveal(&o->secret), 0);
    bool ok = id && secret && curl_easy_setopt(c, CURLOPT_USERNAME, id) == CURLE_OK &&
              curl_easy_setopt(c, CURLOPT_PASSWORD, secret) == CURLE_OK;

    if (secret)
        personal_wipe(secret, strlen(secret));
    curl_free(id);
    curl_free(secret);
    curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    return ok;
}

static bool set_form(CURL *c, const struct oauth *o)
{
    struct buf form;
    bool ok;

    buf_init(&form, FORM_BYTES_MAX);
    add_field(&form, c, "grant_type", "client_credentials");
    if (o->scope)
        add_field(&form, c, "scope", o->scope);
    if (o->in_body) {
        add_field(&form, c, "client_id", o->id);
        add_field(&form, c, "client_secret", personal_reveal(&o->secret));
    }
    ok = !form.failed && curl_easy_setopt(c, CURLOPT_COPYPOSTFIELDS, buf_text(&form)) == CURLE_OK &&
         (o->in_body || set_login(c, o));
    buf_release(&form);
    return ok;
}

CURL *oauth_fetch(const struct oauth *o, struct buf *answer, long timeout_ms, struct err *err)
{
    CURL *c = transfer_new_http(o->url, o->protocol, o->ca_file, timeout_ms, answer, err);

    if (!c)
        return NULL;
    if (!set_form(c, o)) {
        curl_easy_cleanup(c);
        err_memory(err);
        return NULL;
    }
    return c;
}

bool oauth_take(struct oauth *o, CURL *transfer, CURLcode how, const struct buf *answer)
{
    struct personal token = {0};
    long status = 0;
    int seconds, spare;

    curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status);
    if (how != CURLE_OK || status != 200 ||
        !reply_token(buf_text(answer), answer->length, &token, &seconds))
        return false;
    if (seconds < 0)
        seconds = UNSAID_SECONDS;
    spare = seconds / 2 < SPARE_SECONDS ? seconds / 2 : SPARE_SECONDS;
    personal_release(&o->token);
    o->token = token; /* taken over whole */
    o->number++;
    o->usable = true;
    o->until_ms = clock_monotonic_ms() + (int64_t)(seconds - spare) * 1000;
    return true;
}

enum verdict oauth_judge(CURL *transfer, CURLcode how, const struct buf *answer,
                         struct outcome *outcome)
{
    const char *error;
    long status = 0;

    curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status);
    outcome->code = (int)status;
    if (status < 200) {
        snprintf(outcome->detail, sizeof outcome->detail, "token: connection: %s",
                 curl_easy_strerror(how));
        return how == CURLE_SSL_CACERT_BADFILE ? VERDICT_BROKEN : VERDICT_LATER;
    }
    error = reply_token_error(buf_text(answer), answer->length);
    snprintf(outcome->detail, sizeof outcome->detail, "token: status %ld%s%s%s", status,
             error ? " " : "", error ? error : "",
             status == 200 ? " and no token that can be used" : "");
    if (status / 100 == 4 && status != 408 && status != 429)
        return VERDICT_BROKEN;
    if (status / 100 == 3) /* a redirect is not followed: the secret goes where it was meant to */
        return VERDICT_BROKEN;
    outcome->retry_after = transfer_retry_after(transfer);
    return VERDICT_LATER;
}
