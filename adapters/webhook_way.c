#include "adapters/webhook_way.h"

#include <string.h>
#include <strings.h>

static bool is_listed(const char *list, const char *host)
{
    size_t length = strlen(host);

    while (list && *list) {
        list += strspn(list, ", ");
        if (strncasecmp(list, host, length) == 0 && strcspn(list, ", ") == length)
            return true;
        list += strcspn(list, ", ");
    }
    return false;
}

static char *part_of(CURLU *url, CURLUPart part)
{
    char *text = NULL;

    return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

static int check_parts(const struct webhook *w, CURLU *url, struct webhook_way *way,
                       struct err *err)
{
    char *scheme = part_of(url, CURLUPART_SCHEME);
    char *host = part_of(url, CURLUPART_HOST);
    char *user = part_of(url, CURLUPART_USER);
    bool loopback = host && transfer_host_is_loopback(host);
    int rc = 0;

    way->receiver = host ? receivers_find(&w->receivers, host) : NULL;
    way->guard.may_be_inside =
        host && ((loopback && w->allow_loopback) || is_listed(w->allow_hosts, host) ||
                 (way->receiver && way->receiver->inside));
    if (!scheme || !host || user)
        rc = err_set(err, ERR_INVALID, "the webhook's address is no plain URL");
    else if (strcmp(scheme, "https") == 0)
        way->protocol = "https";
    else if (strcmp(scheme, "http") == 0 && loopback && w->allow_loopback)
        way->protocol = "http";
    else
        rc = err_set(err, ERR_INVALID, "the webhook's address is no https");
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    return rc;
}

int webhook_way_find(const struct webhook *w, const char *address, struct webhook_way *out,
                     struct err *err)
{
    CURLU *url = curl_url();
    int rc;

    *out = (struct webhook_way){.receiver = NULL};
    if (!url)
        return err_memory(err);
    if (curl_url_set(url, CURLUPART_URL, address, 0) != CURLUE_OK)
        rc = err_set(err, ERR_INVALID, "the webhook's address is no URL");
    else
        rc = check_parts(w, url, out, err);
    curl_url_cleanup(url);
    return rc;
}

CURL *webhook_connect(const struct webhook *w, struct webhook_way *way, const char *address,
                      long timeout_ms, struct buf *answer, struct err *err)
{
    const struct receiver *r = way->receiver;
    CURL *c = transfer_new_http(address, way->protocol, r && r->ca_file ? r->ca_file : w->ca_file,
                                timeout_ms, answer, err);

    if (!c)
        return NULL;
    if (r && transfer_set_certificate(c, r->certificate_file, r->key_file, err) < 0) {
        curl_easy_cleanup(c);
        return NULL;
    }
    transfer_set_guard(c, &way->guard);
    return c;
}
