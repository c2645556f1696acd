/* A lane runs one transfer at a time in its own thread; where no thread can be had the mail waits. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "adapters/mail_lanes.h"
#include "base/clock.h"

static bool no_thread;

int __real_pthread_create(pthread_t *id, const pthread_attr_t *how, void *(*run)(void *),
                          void *user);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *how, void *(*run)(void *),
                          void *user);

int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *how, void *(*run)(void *),
                          void *user)
{
    return no_thread ? EAGAIN : __real_pthread_create(id, how, run, user);
}

/* Nobody listens on port 9 here: an end as good as any. */
static void run(struct mail_lane *lane, void *work)
{
    CURL *c = mail_lane_handle(lane) ? mail_lane_handle(lane) : curl_easy_init();

    mail_lane_set_handle(lane, c);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_URL, "smtp://127.0.0.1:9/");
    mail_lane_run(lane, 5, work);
}

static void a_lane_that_is_over_is_told_once_and_is_free_again(void **state)
{
    struct err err = {.code = ERR_NONE};
    struct mail_lanes *lanes = mail_lanes_new(&err);
    struct mail_lane *one = mail_lanes_take(lanes, NULL, &err), *two;
    int work;

    (void)state;
    run(one, &work);
    assert_int_equal(mail_lane_wait(one), CURLE_COULDNT_CONNECT);
    assert_ptr_equal(mail_lanes_next_over(lanes), &work);
    assert_null(mail_lanes_next_over(lanes));
    two = mail_lanes_take(lanes, NULL, &err);
    assert_ptr_not_equal(two, one);
    mail_lane_end(two);
    mail_lane_end(one);
    assert_ptr_equal(mail_lanes_take(lanes, NULL, &err), one);
    mail_lanes_free(lanes);
}

static void a_lane_whose_connection_leads_there_is_taken_first(void **state)
{
    static const int here, there;
    struct err err = {.code = ERR_NONE};
    struct mail_lanes *lanes = mail_lanes_new(&err);
    struct mail_lane *one = mail_lanes_take(lanes, &here, &err);
    struct mail_lane *two = mail_lanes_take(lanes, &there, &err);
    int work;

    (void)state;
    run(one, &work);
    run(two, &work);
    mail_lane_wait(one);
    mail_lane_wait(two);
    mail_lane_end(one);
    mail_lane_end(two);
    assert_ptr_equal(mail_lanes_take(lanes, &there, &err), two);
    assert_ptr_equal(mail_lanes_take(lanes, &here, &err), one);
    mail_lanes_free(lanes);
}

/* Woken anew each time, once all that was over has been told. */
static void whoever_waits_is_woken_for_what_is_over_since(void **state)
{
    struct err err = {.code = ERR_NONE};
    struct mail_lanes *lanes = mail_lanes_new(&err);
    CURLM *multi = curl_multi_init();

    (void)state;
    mail_lanes_wake(lanes, multi);
    for (int i = 0; i < 20; i++) {
        struct mail_lane *pair[] = {mail_lanes_take(lanes, NULL, &err),
                                    mail_lanes_take(lanes, NULL, &err)};
        int64_t began = clock_monotonic_ms();
        int told = 0;

        run(pair[0], &pair[0]);
        run(pair[1], &pair[1]);
        while (told < 2) {
            curl_multi_poll(multi, NULL, 0, 5000, NULL);
            while (mail_lanes_next_over(lanes))
                told++;
            assert_true(clock_monotonic_ms() - began < 4000);
        }
        for (size_t k = 0; k < 2; k++) {
            mail_lane_wait(pair[k]);
            mail_lane_end(pair[k]);
        }
    }
    mail_lanes_free(lanes);
    curl_multi_cleanup(multi);
}

static void without_a_thread_there_is_no_lane_and_those_that_are_there_go_on(void **state)
{
    struct err err = {.code = ERR_NONE};
    struct mail_lanes *lanes = mail_lanes_new(&err);
    struct mail_lane *one = mail_lanes_take(lanes, NULL, &err);

    (void)state;
    no_thread = true;
    assert_null(mail_lanes_take(lanes, NULL, &err));
    assert_int_equal(err.code, ERR_SYSTEM);
    mail_lane_end(one);
    assert_ptr_equal(mail_lanes_take(lanes, NULL, &err), one);
    no_thread = false;
    mail_lane_end(one);
    mail_lanes_free(lanes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lane_that_is_over_is_told_once_and_is_free_again),
        cmocka_unit_test(a_lane_whose_connection_leads_there_is_taken_first),
        cmocka_unit_test(whoever_waits_is_woken_for_what_is_over_since),
        cmocka_unit_test(without_a_thread_there_is_no_lane_and_those_that_are_there_go_on),
    };

    curl_global_init(CURL_GLOBAL_DEFAULT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
