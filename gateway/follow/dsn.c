#include "follow/dsn.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"

enum { BOUNDARY_SIZE = 72, WORD_SIZE = 64, PARTS_MAX = 16, KEY_LENGTH = DSN_KEY_SIZE - 1 };

/* Bytes of the mail. */
struct span {
    const char *at;
    size_t length;
};

static struct span from(struct span s, size_t offset)
{
    return (struct span){s.at + offset, s.length - offset};
}

/* The next line without its end; *rest is what follows. */
static bool next_line(struct span *rest, struct span *line)
{
    const char *end;

    if (rest->length == 0)
        return false;
    end = memchr(rest->at, '\n', rest->length);
    line->at = rest->at;
    line->length = end ? (size_t)(end - rest->at) : rest->length;
    *rest = from(*rest, line->length + (end != NULL));
    if (line->length > 0 && line->at[line->length - 1] == '\r')
        line->length--;
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trimmed(struct span s)
{
    while (s.length > 0 && is_space(s.at[0]))
        s = from(s, 1);
    while (s.length > 0 && is_space(s.at[s.length - 1]))
        s.length--;
    return s;
}

static bool is_word(struct span s, const char *word)
{
    return s.length == strlen(word) && strncasecmp(s.at, word, s.length) == 0;
}

/* The next field, with the lines that continue it. false: the fields are over, and *rest is what
 * follows their empty line. A line that is no field is passed over. */
static bool next_field(struct span *rest, struct span *name, struct span *value)
{
    struct span line;

    while (next_line(rest, &line)) {
        const char *colon = memchr(line.at, ':', line.length);

        if (line.length == 0)
            return false;
        if (!colon || is_space(line.at[0]))
            continue;
        *name = trimmed((struct span){line.at, (size_t)(colon - line.at)});
        *value = from(line, (size_t)(colon - line.at) + 1);
        while (rest->length > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t')) {
            next_line(rest, &line);
            value->length = (size_t)(line.at - value->at) + line.length;
        }
        *value = trimmed(*value);
        return true;
    }
    return false;
}

/* The first of that name among the fields at the head of s. */
static bool find_field(struct span s, const char *wanted, struct span *value)
{
    struct span name;

    while (next_field(&s, &name, value)) {
        if (is_word(name, wanted))
            return true;
    }
    *value = (struct span){"", 0};
    return false;
}

/* What follows the fields and their empty line. */
static struct span body_of(struct span s)
{
    struct span name, value;

    while (next_field(&s, &name, &value))
        ;
    return s;
}

static bool is_type(struct span part, const char *type)
{
    struct span value;
    size_t n = strlen(type);

    return find_field(part, "Content-Type", &value) && value.length >= n &&
           strncasecmp(value.at, type, n) == 0 &&
           (value.length == n || value.at[n] == ';' || is_space(value.at[n]));
}

/* RFC 2045 5.1: name=token or name="quoted". */
static bool parameter(struct span value, const char *wanted, char *out, size_t size)
{
    size_t i = 0, n = 0;
    bool quoted;

    out[0] = '\0';
    while (i < value.length) {
        struct span name;

        while (i < value.length && value.at[i] != ';' && value.at[i] != '"')
            i++;
        if (i < value.length && value.at[i] == '"') { /* a quoted value may hold a semicolon */
            for (i++; i < value.length && value.at[i] != '"'; i++)
                i += value.at[i] == '\\';
            i++;
            continue;
        }
        if (i >= value.length)
            return false;
        name.at = value.at + ++i;
        while (i < value.length && value.at[i] != '=' && value.at[i] != ';')
            i++;
        name.length = (size_t)(value.at + i - name.at);
        if (i >= value.length || value.at[i] != '=' || !is_word(trimmed(name), wanted))
            continue;
        i++;
        while (i < value.length && is_space(value.at[i]))
            i++;
        quoted = i < value.length && value.at[i] == '"';
        i += quoted;
        while (i < value.length &&
               (quoted ? value.at[i] != '"' : !is_space(value.at[i]) && value.at[i] != ';')) {
            if (quoted && value.at[i] == '\\' && ++i == value.length)
                return false;
            if (n + 1 >= size)
                return false;
            out[n++] = value.at[i++];
        }
        out[n] = '\0';
        return n > 0;
    }
    return false;
}

static bool is_boundary(struct span line, const char *boundary, bool *last)
{
    size_t n = strlen(boundary);

    if (line.length < n + 2 || line.at[0] != '-' || line.at[1] != '-' ||
        memcmp(line.at + 2, boundary, n) != 0)
        return false;
    line = trimmed(from(line, n + 2));
    *last = line.length >= 2 && line.at[0] == '-' && line.at[1] == '-';
    return *last || line.length == 0;
}

/* RFC 2046 5.1.1; what stands before the first boundary and after the last is no part. A report that
 * is cut off has its last part so far. */
static size_t parts_of(struct span body, const char *boundary, struct span *parts)
{
    size_t count = 0;
    bool open = false, last = false;
    struct span line;

    while (!last && next_line(&body, &line)) {
        bool ends = is_boundary(line, boundary, &last);

        if (ends && open)
            parts[count - 1].length = (size_t)(line.at - parts[count - 1].at);
        if (ends && (last || count == PARTS_MAX))
            return count;
        if (!ends)
            continue;
        parts[count++] = body;
        open = true;
    }
    return count;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 3463 2: class "." subject "." detail; comments may follow. */
static void read_status(struct span value, char out[DSN_STATUS_SIZE])
{
    size_t i = 1;

    out[0] = '\0';
    if (value.length < 5 || (value.at[0] != '2' && value.at[0] != '4' && value.at[0] != '5'))
        return;
    for (int dots = 0; dots < 2; dots++) {
        size_t digits = 0;

        if (i >= value.length || value.at[i] != '.')
            return;
        i++;
        while (i < value.length && is_digit(value.at[i]) && digits < 3) {
            i++;
            digits++;
        }
        if (digits == 0)
            return;
    }
    if (i < value.length && !is_space(value.at[i]) && value.at[i] != '(')
        return;
    memcpy(out, value.at, i);
    out[i] = '\0';
}

/* Diagnostic-Code: smtp; 550 5.1.1 … (RFC 3464 2.3.6) */
static int read_code(struct span value)
{
    struct span type = {value.at, 0};

    while (type.length < value.length && value.at[type.length] != ';')
        type.length++;
    if (type.length == value.length || !is_word(trimmed(type), "smtp"))
        return 0;
    value = trimmed(from(value, type.length + 1));
    if (value.length < 3 || !(value.at[0] == '4' || value.at[0] == '5') || !is_digit(value.at[1]) ||
        !is_digit(value.at[2]) || (value.length > 3 && is_digit(value.at[3])))
        return 0;
    return (value.at[0] - '0') * 100 + (value.at[1] - '0') * 10 + (value.at[2] - '0');
}

static enum dsn_verdict action_of(struct span value)
{
    static const struct {
        const char *word;
        enum dsn_verdict verdict;
    } actions[] = {{"failed", DSN_FAILED},
                   {"delayed", DSN_DELAYED},
                   {"delivered", DSN_ARRIVED},
                   {"relayed", DSN_ARRIVED},
                   {"expanded", DSN_ARRIVED}};
    size_t n = 0;

    while (n < value.length && !is_space(value.at[n]) && value.at[n] != '(')
        n++;
    value.length = n;
    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        if (is_word(value, actions[i].word))
            return actions[i].verdict;
    }
    return DSN_OTHER;
}

/* Groups of fields with empty lines between: one of the message, then one a recipient. */
static void read_recipients(struct span status, struct dsn *out)
{
    while (status.length > 0) {
        struct span group = status, value, recipient;
        enum dsn_verdict verdict;

        status = body_of(status);
        group.length -= status.length;
        if (!find_field(group, "Final-Recipient", &recipient) ||
            !find_field(group, "Action", &value))
            continue;
        verdict = action_of(value);
        if (verdict <= out->verdict)
            continue;
        out->verdict = verdict;
        find_field(group, "Status", &value);
        read_status(value, out->status);
        find_field(group, "Diagnostic-Code", &value);
        out->code = read_code(value);
    }
}

/* A local part can come back in other letters than it was sent in. */
static bool read_key(const char *text, size_t length, char key[DSN_KEY_SIZE])
{
    if (length != KEY_LENGTH)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (!is_digit(c) && !(c >= 'A' && c <= 'Z'))
            return false;
        key[i] = c;
    }
    key[length] = '\0';
    return true;
}

/* …before KEY@… : the character before the key is `before`. Looks at each @. */
static bool find_key(struct span value, char before, char key[DSN_KEY_SIZE])
{
    for (size_t at = KEY_LENGTH + 1; at < value.length; at++) {
        if (value.at[at] == '@' && value.at[at - KEY_LENGTH - 1] == before &&
            read_key(value.at + at - KEY_LENGTH, KEY_LENGTH, key))
            return true;
    }
    return false;
}

/* The envelope's recipient as the systems that deliver write it down, and To. */
static bool key_of_address(struct span mail, char key[DSN_KEY_SIZE])
{
    static const char *const fields[] = {"Delivered-To", "X-Original-To", "Envelope-To", "To"};
    struct span value;

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        if (find_field(mail, fields[i], &value) && find_key(value, '+', key))
            return true;
    }
    return false;
}

static bool is_returned(struct span part)
{
    return is_type(part, "message/rfc822") || is_type(part, "text/rfc822-headers") ||
           is_type(part, "message/global") || is_type(part, "message/global-headers");
}

/* "": none, or two that differ. */
static void find_message(struct span mail, const struct span *parts, size_t count,
                         char key[DSN_KEY_SIZE])
{
    bool tagged = key_of_address(mail, key);
    char returned[DSN_KEY_SIZE];
    struct span value;

    for (size_t i = 0; i < count; i++) {
        if (!is_returned(parts[i]) || !find_field(body_of(parts[i]), "Message-ID", &value) ||
            !find_key(value, '<', returned))
            continue;
        if (!tagged)
            memcpy(key, returned, DSN_KEY_SIZE);
        else if (strcmp(key, returned) != 0)
            key[0] = '\0';
        return;
    }
    if (!tagged)
        key[0] = '\0';
}

/* Seven bits always do (RFC 3464 2.1), so one that is encoded is not read. */
static bool is_encoded(struct span part)
{
    struct span value;

    return find_field(part, "Content-Transfer-Encoding", &value) &&
           (is_word(value, "base64") || is_word(value, "quoted-printable"));
}

void dsn_read(const char *mail, size_t length, struct dsn *out)
{
    const struct span whole = {mail, length};
    struct span parts[PARTS_MAX], type;
    char boundary[BOUNDARY_SIZE], report[WORD_SIZE];
    size_t count;

    *out = (struct dsn){.verdict = DSN_OTHER};
    if (!is_type(whole, "multipart/report") || !find_field(whole, "Content-Type", &type) ||
        !parameter(type, "boundary", boundary, sizeof boundary) ||
        (parameter(type, "report-type", report, sizeof report) &&
         strcasecmp(report, "delivery-status") != 0 &&
         strcasecmp(report, "global-delivery-status") != 0))
        return;
    count = parts_of(body_of(whole), boundary, parts);
    for (size_t i = 0; i < count; i++) {
        if ((is_type(parts[i], "message/delivery-status") ||
             is_type(parts[i], "message/global-delivery-status")) &&
            !is_encoded(parts[i]))
            read_recipients(body_of(parts[i]), out);
    }
    if (out->verdict == DSN_OTHER)
        return;
    find_message(whole, parts, count, out->key);
    if (out->key[0] == '\0')
        out->verdict = DSN_FOREIGN;
}
