#include "registers/address.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "adapters/notify_request.h"

/* RFC 5321 Dot-string: atoms with dots between. Quoted local parts are legal and nobody's. */
static bool is_dot_string(const char *p, size_t length)
{
    bool dot = true; /* just had one */

    for (size_t i = 0; i < length; i++) {
        if (p[i] == '.' && dot)
            return false;
        dot = p[i] == '.';
        if (!dot && !isalnum((unsigned char)p[i]) && !strchr("!#$%&'*+/=?^_`{|}~-", p[i]))
            return false;
    }
    return length > 0 && !dot;
}

/* Labels of letters, digits and inner hyphens; how many, 0 when it is none. */
static int domain_labels(const char *p, size_t length)
{
    int labels = 0;
    size_t start = 0;

    if (length == 0 || length > 253)
        return 0;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && p[i] != '.') {
            if (!isalnum((unsigned char)p[i]) && p[i] != '-')
                return 0;
            continue;
        }
        if (i == start || i - start > 63 || p[start] == '-' || p[i - 1] == '-')
            return 0;
        labels++;
        start = i + 1;
    }
    return labels;
}

static const char *email_problem(const char *address)
{
    const char *at = strrchr(address, '@');

    if (strpbrk(address, ",;"))
        return "is a list: one mailbox a row";
    if (strpbrk(address, "<>\" "))
        return "has a name or blanks: the mailbox alone is needed";
    if (!at || !is_dot_string(address, (size_t)(at - address)) || at - address > 64 ||
        domain_labels(at + 1, strlen(at + 1)) < 2)
        return "is no mailbox: a name, @ and a domain";
    return NULL;
}

/* Host and port of a URL whose scheme has been passed. */
static bool is_loopback(const char *host)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};

    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        size_t length = strlen(hosts[i]);

        if (strncmp(host, hosts[i], length) == 0 && strchr(":/", host[length]) != NULL)
            return true;
    }
    return false;
}

static const char *webhook_problem(const char *address)
{
    const char *host = address + strlen("https://");
    size_t length, port;

    for (const char *p = address; *p; p++) {
        if (!isgraph((unsigned char)*p) || strchr("\"<>\\^`{|}#", *p))
            return "has characters that a URL cannot have";
    }
    if (strncmp(address, "http://", 7) == 0 && is_loopback(address + 7))
        return NULL; /* a receiver on this very machine, behind no network */
    if (strncmp(address, "https://", 8) != 0)
        return "is no https URL";
    length = strcspn(host, "/?");
    if (memchr(host, '@', length))
        return "has a login in its URL, which ends in logs";
    port = 0;
    while (port < length && host[port] != ':')
        port++;
    if (host[0] != '[' && domain_labels(host, port) < 1)
        return "is a URL without a host";
    return NULL;
}

static const char *spool_problem(const char *address)
{
    size_t length = strspn(address, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789-_.");

    if (length == 0 || address[length] != '\0' || address[0] == '.' || length > 64)
        return "is no plain name of letters, digits, - and _";
    return NULL;
}

/* One of another country may be meant: whether it can be used is the configuration's to say. */
static const char *notify_problem(const char *address)
{
    char number[NOTIFY_PHONE_SIZE];

    if (strchr(address, '@'))
        return email_problem(address);
    return notify_phone(address, true, number) ? NULL : "is neither a mailbox nor a mobile number";
}

const char *address_problem(const char *adapter, const char *address)
{
    if (strcmp(adapter, "email") == 0)
        return email_problem(address);
    if (strcmp(adapter, "webhook") == 0)
        return webhook_problem(address);
    if (strcmp(adapter, "notify") == 0)
        return notify_problem(address);
    return spool_problem(address);
}
