#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/mime.h"

static const struct mime_sender sender = {"encompass@example.org", "Operation Encompass", NULL};

static void put(struct personal *p, const char *text)
{
    struct err err;

    assert_int_equal(personal_set_text(p, text, &err), 0);
}

static struct message simple(void)
{
    struct message m = {.key = "k3y0000000000000000000000a",
                        .reference = "OE-7F3K-2Q9M",
                        .language = "en",
                        .at = 1763623800,
                        .subject = "Operation Encompass: notice OE-7F3K-2Q9M"};

    put(&m.to_name, "Rowan Example");
    put(&m.to_address, "dsl@school.example");
    put(&m.text, "A line.\n");
    put(&m.html, "<p>A line.</p>\n");
    return m;
}

static void done(struct message *m)
{
    personal_release(&m->to_name);
    personal_release(&m->to_address);
    personal_release(&m->reply_to);
    personal_release(&m->text);
    personal_release(&m->html);
}

static int build(struct message *m, struct buf *out)
{
    struct err err;
    int rc;

    buf_init(out, 1 << 20);
    rc = mime_build(&sender, m, out, &err);
    if (rc < 0)
        assert_int_equal(err.code, ERR_INVALID);
    return rc;
}

/* CRLF alone ends a line, and none is longer than most. */
static void lines_hold(const struct buf *mail, size_t most)
{
    const char *line = mail->data;

    for (const char *p = mail->data; *p; p++) {
        assert_true((unsigned char)*p < 0x80);
        assert_true(*p != '\r' || p[1] == '\n');
        if (*p != '\n')
            continue;
        assert_int_equal(p[-1], '\r');
        assert_in_range(p - 1 - line, 0, most);
        line = p + 1;
    }
    assert_int_equal(*line, '\0');
}

static void a_plain_message_reads_as_it_was_meant(void **state)
{
    struct message m = simple();
    struct buf mail;

    (void)state;
    assert_int_equal(build(&m, &mail), 0);
    lines_hold(&mail, 78);
    assert_non_null(strstr(mail.data, "Date: Thu, 20 Nov 2025 07:30:00 +0000\r\n"));
    assert_non_null(
        strstr(mail.data, "From: \"Operation Encompass\"\r\n <encompass@example.org>\r\n"));
    assert_non_null(strstr(mail.data, "To: \"Rowan Example\"\r\n <dsl@school.example>\r\n"));
    assert_non_null(strstr(mail.data, "Message-ID: <k3y0000000000000000000000a@example.org>\r\n"));
    assert_non_null(strstr(mail.data, "Auto-Submitted: auto-generated\r\n"));
    assert_non_null(strstr(mail.data, "Content-Language: en\r\n"));
    assert_null(strstr(mail.data, "Reply-To"));
    buf_release(&mail);
    done(&m);
}

static bool says(struct message *m, const char *header)
{
    struct buf mail;
    bool found;

    assert_int_equal(build(m, &mail), 0);
    found = strstr(mail.data, header) != NULL;
    buf_release(&mail);
    return found;
}

static void what_is_urgent_is_marked_and_nothing_else(void **state)
{
    struct message m = simple();

    (void)state;
    assert_false(says(&m, "Importance"));
    m.urgent = true;
    assert_true(says(&m, "\r\nImportance: high\r\n"));
    assert_false(says(&m, "Priority"));
    done(&m);
}

static void replies_go_to_the_message_s_own_address_before_the_sender_s(void **state)
{
    const struct mime_sender with = {"encompass@example.org", NULL, "desk@council.example"};
    struct message m = simple();
    struct buf mail;
    struct err err;

    (void)state;
    for (int own = 0; own < 3; own++) {
        put(&m.reply_to, own == 0 ? NULL : own == 1 ? "desk@force.example" : "a@b, c@d.example");
        buf_init(&mail, 1 << 20);
        assert_int_equal(mime_build(&with, &m, &mail, &err), 0);
        assert_non_null(strstr(mail.data, own == 1 ? "\r\nReply-To: <desk@force.example>\r\n"
                                                   : "\r\nReply-To: <desk@council.example>\r\n"));
        buf_release(&mail);
    }
    done(&m);
}

static void a_repeat_is_the_same_bytes(void **state)
{
    struct message m = simple();
    struct buf one, two;

    (void)state;
    assert_int_equal(build(&m, &one), 0);
    assert_int_equal(build(&m, &two), 0);
    assert_string_equal(one.data, two.data);
    buf_release(&one);
    buf_release(&two);
    done(&m);
}

static void no_line_is_too_long_whatever_the_texts(void **state)
{
    struct message m = simple();
    struct buf mail;
    char *longest = malloc(40001);

    (void)state;
    assert_non_null(longest);
    for (int c = 0; c < 4; c++) {
        memset(longest, "a =\xc5"[c], 40000);
        longest[40000] = '\0';
        put(&m.text, longest);
        put(&m.html, longest);
        longest[300] = '\0';
        put(&m.to_name, longest);
        assert_int_equal(build(&m, &mail), 0);
        lines_hold(&mail, 78);
        buf_release(&mail);
    }
    put(&m.text, "trailing space \nand tab\t\r\nlast ");
    assert_int_equal(build(&m, &mail), 0);
    assert_non_null(strstr(mail.data, "trailing space=20\r\nand tab=09\r\nlast=20\r\n"));
    buf_release(&mail);
    free(longest);
    done(&m);
}

static void names_beyond_ascii_are_encoded_words_of_whole_characters(void **state)
{
    struct message m = simple();
    struct buf mail;

    (void)state;
    put(&m.to_name, "Si\xc3\xb4n \xc5\xb4yn");
    m.subject = "Ymgyrch \xc5\xb4";
    assert_int_equal(build(&m, &mail), 0);
    assert_non_null(
        strstr(mail.data, "To: =?UTF-8?Q?Si=C3=B4n_=C5=B4yn?=\r\n <dsl@school.example>\r\n"));
    assert_non_null(strstr(mail.data, "Subject: =?UTF-8?Q?Ymgyrch_=C5=B4?=\r\n"));
    buf_release(&mail);
    put(&m.to_name, "=?UTF-8?Q?forged?=");
    m.subject = "s";
    assert_int_equal(build(&m, &mail), 0);
    assert_non_null(strstr(mail.data, "To: =?UTF-8?Q?=3D=3FUTF-8=3FQ=3Fforged=3F=3D?=\r\n"));
    buf_release(&mail);
    put(&m.to_name, "A \"quoted\" \\ name");
    assert_int_equal(build(&m, &mail), 0);
    assert_non_null(strstr(mail.data, "To: =?UTF-8?Q?A_=22quoted=22_=5C_name?=\r\n"));
    buf_release(&mail);
    done(&m);
}

static void nothing_can_break_into_the_headers(void **state)
{
    static const char *const names[] = {"a\r\nBcc: b@c.example", "a\nBcc: b@c.example", "a\x01"};
    struct message m = simple();
    struct buf mail;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        put(&m.to_name, names[i]);
        assert_int_equal(build(&m, &mail), -1);
        buf_release(&mail);
    }
    put(&m.to_name, "a");
    m.subject = "s\r\nBcc: b@c.example";
    assert_int_equal(build(&m, &mail), -1);
    buf_release(&mail);
    done(&m);
}

static void only_one_plain_mailbox_is_an_address(void **state)
{
    static const char *const good[] = {"a@b", "first.last+tag@school.example",
                                       "o'neil@x-y.example"};
    static const char *const bad[] = {
        "",
        "a",
        "@",
        "a@",
        "@b",
        "a@b@c",
        "a b@c",
        "a@b,c@d",
        "a@b c@d",
        "<a@b>",
        "a@b>",
        "\"a\"@b",
        "a@b\r\nRCPT TO:<c@d>",
        "a@b\n",
        ".a@b",
        "a.@b",
        "a..b@c",
        "a@.b",
        "a@b.",
        "a@b..c",
        "si\xc3\xb4n@b",
        "a@si\xc3\xb4n",
        "a@[127.0.0.1]",
        "a@b(c)",
        "a@b;",
        "a23456789012345678901234567890123456789012345678901234567890123456@b"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(mime_address_is_plain(good[i]));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(mime_address_is_plain(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_message_reads_as_it_was_meant),
        cmocka_unit_test(a_repeat_is_the_same_bytes),
        cmocka_unit_test(what_is_urgent_is_marked_and_nothing_else),
        cmocka_unit_test(replies_go_to_the_message_s_own_address_before_the_sender_s),
        cmocka_unit_test(no_line_is_too_long_whatever_the_texts),
        cmocka_unit_test(names_beyond_ascii_are_encoded_words_of_whole_characters),
        cmocka_unit_test(nothing_can_break_into_the_headers),
        cmocka_unit_test(only_one_plain_mailbox_is_an_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
