#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/transfer.h"
#include "base/attr.h"

static bool inside(const char *text)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        return transfer_address_is_inside((const struct sockaddr *)&four);
    assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
    return transfer_address_is_inside((const struct sockaddr *)&six);
}

static void an_address_inside_somebodys_network_is_told_from_one_on_the_internet(void **state)
{
    static const char *const insiders[] = {"0.0.0.0",
                                           "10.1.2.3",
                                           "100.64.0.1",
                                           "127.0.0.1",
                                           "127.9.9.9",
                                           "169.254.169.254",
                                           "172.16.0.1",
                                           "172.31.255.255",
                                           "192.0.2.1",
                                           "192.168.1.1",
                                           "198.18.0.1",
                                           "198.19.255.255",
                                           "224.0.0.1",
                                           "255.255.255.255",
                                           "::",
                                           "::1",
                                           "::ffff:10.0.0.1",
                                           "::ffff:127.0.0.1",
                                           "64:ff9b::a00:1",
                                           "fe80::1",
                                           "fc00::1",
                                           "fd12::1",
                                           "ff02::1",
                                           "2002:a00:1::1",
                                           "2001:0:1::1",
                                           "2001:db8::1"};
    static const char *const outsiders[] = {
        "1.1.1.1",         "9.255.255.255",  "11.0.0.0",          "100.63.255.255", "100.128.0.0",
        "172.15.255.255",  "172.32.0.0",     "192.167.255.255",   "198.17.255.255", "198.20.0.0",
        "223.255.255.255", "::ffff:1.1.1.1", "2a00:1450:4009::1", "2001:4860::1"};
    struct sockaddr_un local = {.sun_family = AF_UNIX};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(insiders); i++)
        assert_true(inside(insiders[i]));
    for (size_t i = 0; i < ARRAY_SIZE(outsiders); i++)
        assert_false(inside(outsiders[i]));
    assert_true(transfer_address_is_inside((const struct sockaddr *)&local));
}

static void loopback_is_told_by_its_name_or_number(void **state)
{
    static const char *const loopback[] = {"localhost", "LocalHost", "127.0.0.1",
                                           "127.1.2.3", "::1",       "[::1]"};
    static const char *const other[] = {
        "",  "localhost.example.org", "127.0.0.1.example.org", "128.0.0.1", "::2", "[::2]",
        "[", "mail.example.org"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(loopback); i++)
        assert_true(transfer_host_is_loopback(loopback[i]));
    for (size_t i = 0; i < ARRAY_SIZE(other); i++)
        assert_false(transfer_host_is_loopback(other[i]));
}

/* What a transfer asks before it connects to one of a name's addresses; nothing is connected to. */
static bool opens(struct transfer_guard *guard, const char *four)
{
    struct curl_sockaddr address = {
        .family = AF_INET, .socktype = SOCK_STREAM, .addrlen = sizeof(struct sockaddr_in)};
    struct sockaddr_in in = {.sin_family = AF_INET};
    curl_socket_t fd;

    assert_int_equal(inet_pton(AF_INET, four, &in.sin_addr), 1);
    memcpy(&address.addr, &in, sizeof in);
    fd = transfer_open_socket(guard, CURLSOCKTYPE_IPCXN, &address);
    if (fd != CURL_SOCKET_BAD)
        close(fd);
    return fd != CURL_SOCKET_BAD;
}

static void a_name_with_an_address_outside_too_is_not_taken_for_one_inside(void **state)
{
    struct transfer_guard inside_alone = {false}, both = {false}, listed = {.may_be_inside = true};

    (void)state;
    assert_false(transfer_is_inside_only(&inside_alone));
    assert_false(opens(&inside_alone, "10.1.2.3") || opens(&inside_alone, "192.168.0.1"));
    assert_true(transfer_is_inside_only(&inside_alone));
    assert_false(opens(&both, "10.1.2.3"));
    assert_true(opens(&both, "9.9.9.9"));
    assert_false(opens(&both, "127.0.0.1"));
    assert_false(transfer_is_inside_only(&both));
    assert_true(opens(&listed, "10.1.2.3"));
    assert_false(transfer_is_inside_only(&listed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_inside_somebodys_network_is_told_from_one_on_the_internet),
        cmocka_unit_test(loopback_is_told_by_its_name_or_number),
        cmocka_unit_test(a_name_with_an_address_outside_too_is_not_taken_for_one_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
