#include "cli/online.h"

#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "adapters/receivers.h"
#include "cli/json.h"
#include "cli/table.h"
#include "intake/broker.h"
#include "intake/broker_try.h"
#include "store/report_addresses.h"

enum {
    PLACES_MAX = 4096,
    AT_ONCE = 16,
    SECONDS = 30,        /* for a place, or less where its timeout is less */
    BROKER_SECONDS = 15, /* as the daemon has for its greeting */
    ROUND_MS = 100,
};

struct place {
    struct probe probe;
    const struct adapter *adapter; /* NULL: the broker */
    void *self;
    bool unused; /* no contact is there: what is wrong with it is to be regretted */
};

struct online {
    const struct config *config;
    struct place *list;
    size_t count;
    atomic_size_t next, done;
    void **opened; /* beside adapters[]; NULL: it is not configured, or not rightly */
    struct personal *addresses;
    size_t address_count;
    char *urls; /* of receivers that no contact is at */
};

static struct place *add(struct online *o, const struct adapter *adapter, void *self)
{
    struct place *place = &o->list[o->count];
    int64_t seconds = BROKER_SECONDS;

    if (o->count == PLACES_MAX)
        return NULL;
    if (adapter)
        seconds = config_int(o->config, adapter->section, "timeout");
    *place = (struct place){.adapter = adapter,
                            .self = self,
                            .probe = {.most_seconds = seconds < SECONDS ? seconds : SECONDS,
                                      .how = PROBED_WRONG,
                                      .todo = ""}};
    o->count++;
    return place;
}

static void add_configured(struct online *o, const struct adapter *adapter, void *self)
{
    struct probe probe = {.how = PROBED_WRONG};
    struct place *place;

    for (size_t n = 0; adapter->place(self, n, &probe) == 1; n++) {
        place = add(o, adapter, self);
        if (!place)
            return;
        memcpy(place->probe.subject, probe.subject, sizeof probe.subject);
        memcpy(place->probe.at, probe.at, sizeof probe.at);
        place->probe.place = probe.place;
        probe = (struct probe){.how = PROBED_WRONG};
    }
}

/* One of the addresses at each host and port: what lies behind them there is no business of this. */
static bool is_known(const struct online *o, const char *at)
{
    for (size_t i = 0; i < o->count; i++) {
        if (o->list[i].probe.address && strcmp(o->list[i].probe.at, at) == 0)
            return true;
    }
    return false;
}

static bool is_at(const struct online *o, const char *host)
{
    size_t length = strlen(host);

    for (size_t i = 0; i < o->count; i++) {
        const struct probe *p = &o->list[i].probe;

        if (p->address && strncasecmp(p->at, host, length) == 0 && p->at[length] == ':')
            return true;
    }
    return false;
}

static void add_address(struct online *o, void *self, const char *address, bool unused)
{
    char at[PROBE_AT_SIZE];
    struct place *place;

    probe_at(address, at);
    if (is_known(o, at) || !(place = add(o, &webhook_adapter, self)))
        return;
    memcpy(place->probe.at, at, sizeof at);
    place->probe.address = address;
    place->unused = unused;
}

/* Where verified contacts are; and receivers that have a section and no contact yet, at https's port. */
static int add_receivers(struct online *o, struct db *db, void *self, struct err *err)
{
    enum { URL_SIZE = 300 };
    const char *section, *host;
    size_t n = 0;

    if (db && report_addresses(db, webhook_adapter.name, &o->addresses, &o->address_count, err) < 0)
        return -1;
    for (size_t i = 0; i < o->address_count; i++)
        add_address(o, self, personal_reveal(&o->addresses[i]), false);
    while (config_nth(o->config, RECEIVER_FAMILY, n))
        n++;
    o->urls = calloc(n + 1, URL_SIZE);
    if (!o->urls)
        return err_memory(err);
    for (size_t i = 0; (section = config_nth(o->config, RECEIVER_FAMILY, i)); i++) {
        host = config_text(o->config, section, "host");
        snprintf(o->urls + i * URL_SIZE, URL_SIZE, "https://%s/", host);
        if (!is_at(o, host))
            add_address(o, self, o->urls + i * URL_SIZE, true);
    }
    return 0;
}

/* An adapter that cannot be opened has been found by check already. */
static int gather(struct online *o, struct db *db, struct err *err)
{
    struct err ignored;
    struct place *broker;
    size_t n = 0;

    while (adapters[n])
        n++;
    o->opened = calloc(n + 1, sizeof *o->opened);
    o->list = calloc(PLACES_MAX, sizeof *o->list);
    if (!o->opened || !o->list)
        return err_memory(err);
    if (config_has(o->config, "mqtt") && broker_check(o->config, &ignored) == 0) {
        broker = add(o, NULL, NULL);
        broker_place(o->config, &broker->probe);
    }
    for (size_t i = 0; i < n; i++) {
        if (!adapters[i]->place || !config_has(o->config, adapters[i]->section) ||
            adapters[i]->open(o->config, &o->opened[i], &ignored) < 0)
            continue;
        add_configured(o, adapters[i], o->opened[i]);
        if (adapters[i] == &webhook_adapter && add_receivers(o, db, o->opened[i], err) < 0)
            return -1;
    }
    return 0;
}

static void try_place(const struct online *o, struct place *place)
{
    int64_t began_ms = clock_monotonic_ms();

    if (place->adapter)
        place->adapter->probe(place->self, &place->probe);
    else
        broker_try(o->config, &place->probe);
    place->probe.ms = clock_monotonic_ms() - began_ms;
    if (place->unused && place->probe.how == PROBED_WRONG)
        place->probe.how = PROBED_BEARABLE;
}

static void *work(void *user)
{
    struct online *o = user;
    size_t i;

    while ((i = atomic_fetch_add(&o->next, 1)) < o->count) {
        try_place(o, &o->list[i]);
        atomic_fetch_add(&o->done, 1);
    }
    return NULL;
}

static void try_all(struct online *o)
{
    pthread_t threads[AT_ONCE] = {0};
    size_t n = 0;

    while (n < AT_ONCE && n < o->count && pthread_create(&threads[n], NULL, work, o) == 0)
        n++;
    if (n == 0)
        work(o);
    while (n > 0 && atomic_load(&o->done) < o->count) {
        progress_show("places", atomic_load(&o->done), o->count);
        poll(NULL, 0, ROUND_MS);
    }
    progress_end();
    for (size_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

static const char *const words[] = {"fine", "warning", "error"};

static void report(const struct online *o, cJSON *root, struct findings *f)
{
    cJSON *list = json_add_list(root, "online");

    for (size_t i = 0; i < o->count; i++) {
        const struct probe *p = &o->list[i].probe;
        cJSON *one = json_push_object(list);

        json_text(one, "result", words[p->how]);
        json_text(one, "subject", p->subject);
        json_text(one, "at", p->at);
        json_number(one, "ms", p->ms);
        json_text(one, "what", p->what);
        json_text(one, "todo", p->todo);
        f->errors += p->how == PROBED_WRONG;
        f->warnings += p->how == PROBED_BEARABLE;
    }
}

static void release(struct online *o)
{
    for (size_t i = 0; o->opened && adapters[i]; i++) {
        if (o->opened[i])
            adapters[i]->close(o->opened[i]);
    }
    report_addresses_free(o->addresses, o->address_count);
    free(o->opened);
    free(o->list);
    free(o->urls);
}

int check_online(struct cli *cli, const struct config *config, struct db *db, cJSON *root,
                 struct findings *f, struct err *err)
{
    struct online o = {.config = config};
    int rc;

    (void)cli;
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, ERR_SYSTEM, "no random numbers, or no TLS, to be had");
    rc = gather(&o, db, err);
    if (rc == 0) {
        try_all(&o);
        report(&o, root, f);
    }
    release(&o);
    return rc;
}

void online_print(const cJSON *root)
{
    static const char *const headings[] = {"TRIED", "AT",          ">TOOK", "RESULT",
                                           "~WHAT", "~WHAT TO DO", NULL};
    static const enum colour colours[] = {COLOUR_GREEN, COLOUR_YELLOW, COLOUR_RED};
    struct table *t = table_new(headings);
    const cJSON *o;

    cJSON_ArrayForEach(o, cJSON_GetObjectItemCaseSensitive(root, "online"))
    {
        const char *result = json_get_text(o, "result");
        size_t how = 0;

        while (how < PROBED_WRONG && strcmp(words[how], result) != 0)
            how++;
        table_cell(t, COLOUR_PLAIN, "%s", json_get_text(o, "subject"));
        table_cell(t, COLOUR_PLAIN, "%s", json_get_text(o, "at"));
        table_cell(t, COLOUR_PLAIN, "%.1f s", (double)json_get_number(o, "ms") / 1000);
        table_cell(t, colours[how], "%s", result);
        table_cell(t, COLOUR_PLAIN, "%s", json_get_text(o, "what"));
        table_cell(t, COLOUR_PLAIN, "%s", json_get_text(o, "todo"));
    }
    if (table_rows(t) > 0)
        table_print(t, stdout);
    else
        puts("Nothing to connect to is configured.");
    table_free(t);
    puts("");
}
