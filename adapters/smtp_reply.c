#include "adapters/smtp_reply.h"

#include <string.h>

enum {
    BEFORE = 1 << SMTP_GREETING | 1 << SMTP_EHLO | 1 << SMTP_STARTTLS,
    LOGIN = 1 << SMTP_LOGIN,
    MAIL = 1 << SMTP_MAIL,
    CONTENT = 1 << SMTP_CONTENT,
    /* Some servers look at the recipient at DATA only. */
    ADDRESS = 1 << SMTP_RCPT | 1 << SMTP_DATA,
    ABOUT = ADDRESS | CONTENT,
    ANY = ABOUT | MAIL | LOGIN | BEFORE,
};

struct rule {
    unsigned steps;
    int code;             /* 535, or a class: 4, 5 */
    const char *enhanced; /* "5.1.1", a subject "5.1.", or NULL: whatever it is, or none */
    enum verdict verdict;
};

/* The first that fits. */
static const struct rule rules[] = {
    /* Our login, at whatever step it is missed. */
    {ANY, 432, NULL, VERDICT_BROKEN}, /* a new password is wanted: a person's work */
    {ANY, 530, NULL, VERDICT_BROKEN},
    {ANY, 534, NULL, VERDICT_BROKEN},
    {ANY, 535, NULL, VERDICT_BROKEN},
    {ANY, 538, NULL, VERDICT_BROKEN},
    {ANY, 523, NULL, VERDICT_BROKEN}, /* encryption is wanted */
    /* The class of the code counts, whatever the enhanced one says (RFC 2034 4). */
    {ANY, 4, NULL, VERDICT_LATER},
    {ANY, 5, "5.7.8", VERDICT_BROKEN},
    {ANY, 5, "5.7.9", VERDICT_BROKEN},
    {ANY, 5, "5.7.10", VERDICT_BROKEN},
    {ANY, 5, "5.7.11", VERDICT_BROKEN},
    {ANY, 5, "5.7.14", VERDICT_BROKEN},
    /* Our sender's address. */
    {ANY, 5, "5.1.7", VERDICT_BROKEN},
    {ANY, 5, "5.1.8", VERDICT_BROKEN},
    {ANY, 5, "5.7.27", VERDICT_BROKEN}, /* its domain takes no mail */

    /* This message: it is too large, or may not be had as it is. MAIL announces the size. */
    {ABOUT | MAIL, 5, "5.2.3", VERDICT_NEVER},
    {ABOUT | MAIL, 5, "5.3.4", VERDICT_NEVER},
    {MAIL, 552, NULL, VERDICT_NEVER},
    {ABOUT | MAIL, 5, "5.7.30", VERDICT_NEVER}, /* REQUIRETLS has no way on from here */
    {ANY & ~(unsigned)(ABOUT), 5, NULL, VERDICT_BROKEN},

    /* From here on it is about the recipient. Mailboxes are emptied, */
    {ABOUT, 5, "5.2.2", VERDICT_LATER},
    /* systems mended, */
    {ABOUT, 5, "5.3.", VERDICT_LATER},
    /* and the address itself stays wrong: 5.1.10 is a domain that takes no mail, */
    {ABOUT, 5, "5.1.", VERDICT_NEVER},
    {ABOUT, 5, "5.2.", VERDICT_NEVER},
    {ABOUT, 551, NULL, VERDICT_NEVER},
    {ABOUT, 521, NULL, VERDICT_NEVER},
    {ABOUT, 556, NULL, VERDICT_NEVER},
    /* or its owner is another: */
    {ABOUT, 5, "5.7.17", VERDICT_NEVER},
    {ABOUT, 5, "5.7.18", VERDICT_NEVER},
    /* Exchange Online's unknown user, and a domain that there is not. */
    {ABOUT, 550, "5.4.1", VERDICT_NEVER},
    {ABOUT, 5, "5.4.4", VERDICT_NEVER},
    {ABOUT, 5, "5.4.", VERDICT_LATER},
    {ABOUT, 5, "5.5.", VERDICT_LATER},
    {ABOUT, 552, NULL, VERDICT_LATER},
    /* The content was refused: another contact may have another server. */
    {CONTENT, 5, NULL, VERDICT_NEVER},
    /* Lists of blocked senders are mended. */
    {ADDRESS, 5, "5.7.", VERDICT_LATER},
    {ADDRESS, 550, NULL, VERDICT_NEVER},
    {ADDRESS, 553, NULL, VERDICT_NEVER},
    {ADDRESS, 5, NULL, VERDICT_LATER},
};

const char *smtp_step_word(enum smtp_step step)
{
    static const char *const words[SMTP_STEPS] = {"greeting", "EHLO", "STARTTLS", "login",
                                                  "MAIL",     "RCPT", "DATA",     "content"};

    return words[step];
}

static size_t digits(const char *text, size_t length)
{
    size_t n = 0;

    while (n < length && n < 3 && text[n] >= '0' && text[n] <= '9')
        n++;
    return n;
}

void smtp_enhanced(const char *line, size_t length, char out[SMTP_ENHANCED_SIZE])
{
    size_t at = 4, n;

    out[0] = '\0';
    if (length < 9 || line[0] < '2' || line[0] > '5' || !(line[3] == ' ' || line[3] == '-') ||
        line[4] != line[0] || line[5] != '.')
        return;
    at += 2;
    n = digits(line + at, length - at);
    if (n == 0 || at + n >= length || line[at + n] != '.')
        return;
    at += n + 1;
    n = digits(line + at, length - at);
    at += n;
    if (n == 0 || (at < length && !strchr(" \t\r\n", line[at])))
        return;
    memcpy(out, line + 4, at - 4);
    out[at - 4] = '\0';
}

static bool code_fits(int code, int wanted)
{
    return wanted < 10 ? code / 100 == wanted : code == wanted;
}

static bool enhanced_fits(const char *enhanced, const char *wanted)
{
    size_t length = wanted ? strlen(wanted) : 0;

    if (!wanted)
        return true;
    return wanted[length - 1] == '.' ? strncmp(enhanced, wanted, length) == 0
                                     : strcmp(enhanced, wanted) == 0;
}

enum verdict smtp_judge(enum smtp_step step, int code, const char *enhanced)
{
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        const struct rule *r = &rules[i];

        if ((r->steps & 1U << step) && code_fits(code, r->code) &&
            enhanced_fits(enhanced, r->enhanced))
            return r->verdict;
    }
    return VERDICT_LATER;
}
