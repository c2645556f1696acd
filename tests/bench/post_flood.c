/* What libcurl alone can post: the limit that webhooks are held to in make bench.
 *
 *   post_flood URL COUNT HANDLES BODY_BYTES
 *
 * COUNT posts of BODY_BYTES each with the headers of a notice, HANDLES of them under way at a time, over
 * connections that are kept. Prints the seconds that passed; ends with 1 when one was not answered 2xx. */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HANDLES_MAX = 64 };

static const char *const headers[] = {
    "Content-Type: application/json",
    "Accept: application/json",
    "Expect:",
    "webhook-id: 0123456789abcdef0123456789abcdef",
    "webhook-timestamp: 1773646200",
    "webhook-signature: v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
};

struct flood {
    CURLM *multi;
    CURL *handles[HANDLES_MAX];
    struct curl_slist *headers;
    char *body;
    long to_start, to_end, failed;
};

static double now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static size_t ignore(char *bytes, size_t size, size_t count, void *user)
{
    (void)bytes;
    (void)user;
    return size * count;
}

static bool prepare(struct flood *f, const char *url, long handles, long bytes)
{
    f->multi = curl_multi_init();
    f->body = malloc((size_t)bytes + 1);
    if (!f->multi || !f->body)
        return false;
    memset(f->body, 'x', (size_t)bytes);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        struct curl_slist *longer = curl_slist_append(f->headers, headers[i]);

        if (!longer)
            return false;
        f->headers = longer;
    }
    for (long i = 0; i < handles; i++) {
        CURL *c = f->handles[i] = curl_easy_init();

        if (!c)
            return false;
        curl_easy_setopt(c, CURLOPT_URL, url);
        curl_easy_setopt(c, CURLOPT_HTTPHEADER, f->headers);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, f->body);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, bytes);
        curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore);
    }
    return true;
}

static void start(struct flood *f, CURL *c)
{
    if (f->to_start > 0 && curl_multi_add_handle(f->multi, c) == CURLM_OK)
        f->to_start--;
}

/* Whoever has ended begins the next. */
static void take_ended(struct flood *f)
{
    CURLMsg *ended;
    int left;

    while ((ended = curl_multi_info_read(f->multi, &left)) != NULL) {
        CURL *c = ended->easy_handle;
        long status = 0;

        if (ended->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
        f->failed += ended->data.result != CURLE_OK || status / 100 != 2;
        f->to_end--;
        curl_multi_remove_handle(f->multi, c);
        start(f, c);
    }
}

static bool run(struct flood *f, long handles)
{
    int running;

    for (long i = 0; i < handles; i++)
        start(f, f->handles[i]);
    while (f->to_end > 0) {
        if (curl_multi_perform(f->multi, &running) != CURLM_OK)
            return false;
        take_ended(f);
        if (f->to_end > 0 && curl_multi_poll(f->multi, NULL, 0, 1000, NULL) != CURLM_OK)
            return false;
    }
    return f->failed == 0;
}

int main(int argc, char **argv)
{
    struct flood f = {.multi = NULL};
    long handles = argc == 5 ? strtol(argv[3], NULL, 10) : 0;
    long bytes = argc == 5 ? strtol(argv[4], NULL, 10) : -1;
    double began;
    bool good;

    f.to_start = f.to_end = argc == 5 ? strtol(argv[2], NULL, 10) : 0;
    if (f.to_start < 1 || handles < 1 || handles > HANDLES_MAX || bytes < 0) {
        fprintf(stderr, "usage: post_flood URL COUNT HANDLES BODY_BYTES\n");
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    good = prepare(&f, argv[1], handles, bytes);
    began = now();
    good = good && run(&f, handles);
    printf("%.6f\n", now() - began);
    for (long i = 0; i < handles; i++)
        curl_easy_cleanup(f.handles[i]);
    curl_multi_cleanup(f.multi);
    curl_slist_free_all(f.headers);
    free(f.body);
    curl_global_cleanup();
    return good ? 0 : 1;
}
