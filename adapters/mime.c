#include "adapters/mime.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

enum {
    LINE_MAX_CHARS = 78,
    WORD_MAX_CHARS = 75, /* an encoded word whole, RFC 2047 2 */
    QP_LINE_MAX = 76,
    ADDRESS_MAX = 254, /* RFC 5321 4.5.3.1.3, without its brackets */
    LOCAL_MAX = 64,
};

static const char word_open[] = "=?UTF-8?Q?", word_close[] = "?=";

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

/* =XX, as both encodings have it: three characters to out. */
static void put_hex(char *out, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";

    out[0] = '=';
    out[1] = digits[c >> 4];
    out[2] = digits[c & 15];
}

static void add_hex(struct buf *out, unsigned char c)
{
    char coded[3];

    put_hex(coded, c);
    buf_add(out, coded, sizeof coded);
}

/* Words between dots, each of at least one letter, digit or character of extra. */
static bool is_dotted(const char *text, size_t length, const char *extra)
{
    bool after_dot = true;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.' ? after_dot : !is_letter_or_digit(text[i]) && !is_one_of(text[i], extra))
            return false;
        after_dot = text[i] == '.';
    }
    return length > 0 && !after_dot;
}

bool mime_address_is_plain(const char *address)
{
    const char *at = strchr(address, '@');

    return at && strlen(address) <= ADDRESS_MAX && at - address <= LOCAL_MAX &&
           is_dotted(address, (size_t)(at - address), "!#$%&'*+-/=?^_`{|}~") &&
           is_dotted(at + 1, strlen(at + 1), "-");
}

static bool has_control(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    }
    return false;
}

static bool is_ascii(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x80)
            return false;
    }
    return true;
}

/* Bytes of the character that begins here; a stray byte counts as one. */
static size_t character_length(const char *text)
{
    unsigned char lead = (unsigned char)*text;
    size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;

    for (size_t i = 1; i < wanted; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 1;
    }
    return wanted;
}

/* Encoded words, each whole characters, a line each after the first; column is where the first
 * begins. The set of plain characters is that of a phrase (RFC 2047 5 (3)). */
static void add_encoded(struct buf *out, const char *text, size_t column)
{
    bool begun = false;
    size_t room = 0;

    while (*text) {
        size_t length = character_length(text);
        bool plain = length == 1 && (is_letter_or_digit(*text) || is_one_of(*text, "!*+-/"));
        size_t needs = plain || *text == ' ' ? 1 : 3 * length;

        if (needs > room) {
            if (begun) {
                buf_addf(out, "%s\r\n ", word_close);
                column = 1;
            }
            begun = true;
            buf_add_text(out, word_open);
            room = (column + WORD_MAX_CHARS < LINE_MAX_CHARS ? WORD_MAX_CHARS
                                                             : LINE_MAX_CHARS - column) -
                   (sizeof word_open - 1) - (sizeof word_close - 1);
        }
        if (*text == ' ')
            buf_add_char(out, '_');
        else if (plain)
            buf_add_char(out, *text);
        else
            for (size_t i = 0; i < length; i++)
                add_hex(out, (unsigned char)text[i]);
        room -= needs;
        text += length;
    }
    buf_add_text(out, word_close);
}

/* So are quotes, which a quoted string would have to escape, and what could pass for an encoded
 * word. */
static bool must_encode(const char *text, size_t column)
{
    return !is_ascii(text) || strstr(text, "=?") || strpbrk(text, "\"\\") ||
           column + strlen(text) > LINE_MAX_CHARS - 2;
}

/* A header with a mailbox: the address on a line of its own when there is a name. */
static int add_mailbox(struct buf *out, const char *header, const char *name, const char *address,
                       struct err *err)
{
    size_t column = strlen(header) + 2;

    if (!mime_address_is_plain(address))
        return err_set(err, ERR_INVALID, "the %s address is no plain mailbox", header);
    if (name && has_control(name))
        return err_set(err, ERR_INVALID, "the %s name holds control characters", header);
    buf_addf(out, "%s: ", header);
    if (name && *name) {
        if (must_encode(name, column + 2))
            add_encoded(out, name, column);
        else
            buf_addf(out, "\"%s\"", name);
        buf_add_text(out, "\r\n ");
    }
    buf_addf(out, "<%s>\r\n", address);
    return 0;
}

static int add_subject(struct buf *out, const char *subject, struct err *err)
{
    static const char header[] = "Subject: ";

    if (has_control(subject))
        return err_set(err, ERR_INVALID, "the subject holds control characters");
    buf_add_text(out, header);
    if (must_encode(subject, sizeof header))
        add_encoded(out, subject, sizeof header - 1);
    else
        buf_add_text(out, subject);
    buf_add_text(out, "\r\n");
    return 0;
}

/* The C library's names of days and months are the locale's. */
static void add_date(struct buf *out, time_t at)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm;

    gmtime_r(&at, &tm);
    buf_addf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
             months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void add_line(struct buf *out, const char *line, int *length, const char *end)
{
    buf_add(out, line, (size_t)*length);
    buf_add_text(out, end);
    *length = 0;
}

/* Quoted-printable with CRLF for LF (RFC 2045 6.7), added line by line. */
static void add_body(struct buf *out, const struct personal *body)
{
    const char *text = personal_reveal(body);
    char line[QP_LINE_MAX];
    int column = 0;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool ends_line = text[1] == '\n' || text[1] == '\0' || (text[1] == '\r' && text[2] == '\n');
        bool plain = (c > 0x20 && c < 0x7f && c != '=') || ((c == ' ' || c == '\t') && !ends_line);
        int needs = plain ? 1 : 3;

        if (c == '\r' && text[1] == '\n')
            continue;
        if (c == '\n') {
            add_line(out, line, &column, "\r\n");
            continue;
        }
        if (column + needs > QP_LINE_MAX - (ends_line ? 0 : 1))
            add_line(out, line, &column, "=\r\n");
        if (plain)
            line[column] = (char)c;
        else
            put_hex(line + column, c);
        column += needs;
    }
    if (column > 0)
        add_line(out, line, &column, "\r\n");
    personal_wipe(line, sizeof line);
}

/* "=_" cannot stand in quoted-printable, so the boundary is in no body. */
static void add_part(struct buf *out, const struct message *m, const char *type,
                     const struct personal *body)
{
    buf_addf(out,
             "\r\n--=_%s\r\n"
             "Content-Type: text/%s; charset=utf-8\r\n"
             "Content-Transfer-Encoding: quoted-printable\r\n"
             "\r\n",
             m->key, type);
    add_body(out, body);
}

int mime_build(const struct mime_sender *from, const struct message *m, struct buf *out,
               struct err *err)
{
    const char *reply_to = mime_address_is_plain(personal_reveal(&m->reply_to))
                               ? personal_reveal(&m->reply_to)
                               : from->reply_to;

    add_date(out, m->at);
    if (add_mailbox(out, "From", from->name, from->address, err) < 0 ||
        add_mailbox(out, "To", personal_reveal(&m->to_name), personal_reveal(&m->to_address), err) <
            0 ||
        (reply_to && add_mailbox(out, "Reply-To", NULL, reply_to, err) < 0) ||
        add_subject(out, m->subject, err) < 0)
        return -1;
    buf_addf(out,
             "Message-ID: <%s@%s>\r\n"
             "Content-Language: %s\r\n"
             "Auto-Submitted: auto-generated\r\n"
             "%s"
             "MIME-Version: 1.0\r\n"
             "Content-Type: multipart/alternative;\r\n"
             " boundary=\"=_%s\"\r\n",
             m->key, strchr(from->address, '@') + 1, m->language,
             m->urgent ? "Importance: high\r\n" : "", m->key);
    add_part(out, m, "plain", &m->text);
    add_part(out, m, "html", &m->html);
    buf_addf(out, "\r\n--=_%s--\r\n", m->key);
    return buf_check(out, err);
}
