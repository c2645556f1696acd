/* adapter_try CONFIG ADAPTER [TIMES [AT_ONCE [DROP_MS]]] < message.json - opens an adapter as encompassd
 * would, sends a message once or so many times, one after another or so many at a time, and prints a
 * line of JSON on how each ended, for tests/contract/test_adapters.py. Exit 2: not opened. */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "adapters/mail_domains.h"
#include "adapters/receivers.h"
#include "base/clock.h"

enum { INPUT_MAX = 1 << 20, TOGETHER_MAX = 64 };

static const char *text_of(const cJSON *json, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, key);

    return cJSON_IsString(value) ? value->valuestring : "";
}

static int read_message(const cJSON *json, struct message *m, struct err *err)
{
    snprintf(m->key, sizeof m->key, "%s", text_of(json, "key"));
    snprintf(m->reference, sizeof m->reference, "%s", text_of(json, "reference"));
    snprintf(m->language, sizeof m->language, "%s", text_of(json, "language"));
    m->repeat = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "repeat"));
    m->at = (time_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "at"));
    m->subject = text_of(json, "subject");
    m->nameless = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "nameless"));
    m->urgent = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "urgent"));
    return personal_set_text(&m->to_name, text_of(json, "to_name"), err) < 0 ||
                   personal_set_text(&m->to_address, text_of(json, "to_address"), err) < 0 ||
                   personal_set_text(&m->reply_to, text_of(json, "reply_to"), err) < 0 ||
                   personal_set_text(&m->text, text_of(json, "text"), err) < 0 ||
                   personal_set_text(&m->html, text_of(json, "html"), err) < 0 ||
                   personal_set_text(&m->json, text_of(json, "json"), err) < 0
               ? -1
               : 0;
}

static CURLcode perform(CURLM *multi, CURL *transfer)
{
    CURLcode how = CURLE_FAILED_INIT;
    int running = 1, left;
    CURLMsg *m;

    curl_multi_add_handle(multi, transfer);
    while (running > 0 && curl_multi_perform(multi, &running) == CURLM_OK && running > 0)
        curl_multi_poll(multi, NULL, 0, 1000, NULL);
    m = curl_multi_info_read(multi, &left);
    if (m && m->msg == CURLMSG_DONE)
        how = m->data.result;
    curl_multi_remove_handle(multi, transfer);
    return how;
}

static void print(const char *verdict, const struct outcome *o)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *not_ours = cJSON_AddArrayToObject(json, "not_ours");
    char *text;

    for (size_t i = 0; i < o->not_ours_count; i++)
        cJSON_AddItemToArray(not_ours, cJSON_CreateString(o->not_ours[i]));
    cJSON_AddStringToObject(json, "verdict", verdict);
    cJSON_AddNumberToObject(json, "code", o->code);
    cJSON_AddStringToObject(json, "detail", o->detail);
    cJSON_AddNumberToObject(json, "retry_after", o->retry_after);
    cJSON_AddBoolToObject(json, "not_our_pupil", o->not_our_pupil);
    cJSON_AddStringToObject(json, "answered_by", personal_reveal(&o->answered_by));
    cJSON_AddBoolToObject(json, "contact_ends", o->contact_ends);
    cJSON_AddBoolToObject(json, "alone", o->alone);
    cJSON_AddStringToObject(json, "handle", o->handle);
    text = cJSON_PrintUnformatted(json);
    puts(text);
    cJSON_free(text);
    cJSON_Delete(json);
}

static void send_one(CURLM *multi, const struct adapter *adapter, void *self,
                     const struct message *m)
{
    struct outcome outcome = {.retry_after = -1};
    enum verdict verdict;
    CURL *transfer = NULL, *next;
    void *work = NULL;
    CURLcode how;
    struct err err = {.code = ERR_NONE};

    if (adapter->start(self, m, &transfer, &work, &err) < 0) {
        snprintf(outcome.detail, sizeof outcome.detail, "%.150s", err.text);
        print(err.code == ERR_INVALID ? "never" : "later", &outcome);
        return;
    }
    how = transfer ? perform(multi, transfer) : CURLE_OK;
    while (adapter->ended && adapter->ended(self) != work)
        curl_multi_poll(multi, NULL, 0, 1000, NULL);
    while (adapter->go_on && (next = adapter->go_on(self, transfer, work, how))) {
        transfer = next;
        how = perform(multi, transfer);
    }
    verdict = adapter->judge(self, transfer, work, how, &outcome);
    print(verdict_word(verdict), &outcome);
    personal_release(&outcome.answered_by);
}

struct trying {
    CURL *transfer;
    void *work;
};

static bool take_off(CURLM *multi, const struct adapter *adapter, void *self,
                     const struct message *m, struct trying *t)
{
    struct err err = {.code = ERR_NONE};

    if (adapter->start(self, m, &t->transfer, &t->work, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    if (t->transfer) {
        curl_easy_setopt(t->transfer, CURLOPT_PRIVATE, t);
        curl_multi_add_handle(multi, t->transfer);
    }
    return true;
}

static void land(CURLM *multi, const struct adapter *adapter, void *self, struct trying *t,
                 CURLcode how)
{
    struct outcome outcome = {.retry_after = -1};

    if (t->transfer)
        curl_multi_remove_handle(multi, t->transfer);
    print(verdict_word(adapter->judge(self, t->transfer, t->work, how, &outcome)), &outcome);
    *t = (struct trying){NULL, NULL};
}

/* One that has ended, NULL none. */
static struct trying *next_ended(CURLM *multi, const struct adapter *adapter, void *self,
                                 struct trying *tries, CURLcode *how)
{
    struct trying *t = tries;
    void *work = adapter->ended ? adapter->ended(self) : NULL;
    CURLMsg *said;
    int left;

    *how = CURLE_OK;
    while (work && t->work != work)
        t++;
    if (work)
        return t;
    said = curl_multi_info_read(multi, &left);
    if (!said)
        return NULL;
    *how = said->data.result;
    curl_easy_getinfo(said->easy_handle, CURLINFO_PRIVATE, (char **)&t);
    return t;
}

/* So many at a time; how long the longest look at them took, in milliseconds, goes to standard error.
 * drop: whatever has not ended after as many milliseconds is dropped, as at a stop; 0 nothing is. */
static void send_together(CURLM *multi, const struct adapter *adapter, void *self,
                          const struct message *m, int times, int at_once, int drop)
{
    struct trying tries[TOGETHER_MAX] = {{NULL, NULL}};
    int64_t longest = 0, started = clock_monotonic_ms();
    int begun = 0, ended = 0, running;
    struct trying *t;
    CURLcode how;

    for (int i = 0; i < at_once && begun < times; i++, begun++) {
        if (!take_off(multi, adapter, self, m, &tries[i]))
            return;
    }
    while (ended < times && (drop == 0 || clock_monotonic_ms() - started < drop)) {
        int64_t from = clock_monotonic_ms(), took;

        curl_multi_perform(multi, &running);
        while ((t = next_ended(multi, adapter, self, tries, &how))) {
            land(multi, adapter, self, t, how);
            ended++;
            if (begun < times && !take_off(multi, adapter, self, m, t))
                return;
            begun += begun < times;
        }
        took = clock_monotonic_ms() - from;
        longest = took > longest ? took : longest;
        if (ended < times)
            curl_multi_poll(multi, NULL, 0, drop > 0 ? 50 : 1000, NULL);
    }
    for (int i = 0; i < at_once; i++) {
        if (tries[i].work)
            land(multi, adapter, self, &tries[i], CURLE_ABORTED_BY_CALLBACK);
    }
    fprintf(stderr, "%lld\n", (long long)longest);
}

/* As dispatch does, unless the message is "careless". */
static int leave_out_names(const struct adapter *adapter, void *self, const cJSON *json,
                           struct message *m, struct err *err)
{
    const char *link = NULL;

    if (adapter->minimal && !cJSON_HasObjectItem(json, "careless"))
        link = adapter->minimal(self, &m->to_address);
    if (!link)
        return 0;
    m->nameless = true;
    return personal_set_text(&m->text, link, err) < 0 || personal_set_text(&m->html, link, err) < 0
               ? -1
               : 0;
}

int main(int argc, char **argv)
{
    static char input[INPUT_MAX];
    const struct adapter *adapter = argc >= 3 ? adapter_find(argv[2]) : NULL;
    struct config_section sections[4] = {{NULL, NULL},
                                         {RECEIVER_FAMILY, receiver_keys},
                                         {MAIL_FAMILY, mail_domain_keys},
                                         {NULL, NULL}};
    struct message m = {.at = 0};
    struct config *conf = NULL;
    struct err err = {.code = ERR_NONE};
    void *self = NULL;
    cJSON *json;
    int rc = 2, at_once = argc > 4 ? atoi(argv[4]) : 1;

    if (!adapter || at_once < 1 || at_once > TOGETHER_MAX)
        return 2;
    sections[0] = (struct config_section){adapter->section, adapter->keys};
    input[fread(input, 1, sizeof input - 1, stdin)] = '\0';
    json = cJSON_Parse(input);
    if (!json || config_load(argv[1], sections, &conf, &err) < 0 ||
        adapter->open(conf, &self, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
    } else if (read_message(json, &m, &err) == 0) {
        CURLM *multi = curl_multi_init();

        if (adapter->wake)
            adapter->wake(self, multi);
        if (argc > 4)
            send_together(multi, adapter, self, &m, atoi(argv[3]), at_once,
                          argc > 5 ? atoi(argv[5]) : 0);
        for (int i = 0; argc <= 4 && i < (argc > 3 ? atoi(argv[3]) : 1); i++) {
            if (leave_out_names(adapter, self, json, &m, &err) < 0)
                break;
            send_one(multi, adapter, self, &m);
        }
        if (adapter->wake)
            adapter->wake(self, NULL);
        curl_multi_cleanup(multi);
        rc = 0;
    }
    if (self)
        adapter->close(self);
    message_release(&m);
    config_free(conf);
    cJSON_Delete(json);
    return rc;
}
