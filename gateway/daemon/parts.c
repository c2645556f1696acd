#include "daemon/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "match/knowledge.h"

/* A dispatcher that has been replaced. */
struct leaving {
    struct leaving *next;
    struct dispatch *dispatch;
    struct config *conf; /* which its adapters read */
};

static int make_subscriber(struct parts *parts, const struct config *conf, struct subscriber **out,
                           struct err *err)
{
    *out = NULL;
    if (config_has(conf, "mqtt"))
        return subscriber_new(conf, parts->db, parts->clock, out, err);
    log_event(LOG_LEVEL_WARNING, "mqtt.absent", "detail=\"no [mqtt] in %s: nothing comes in\"",
              config_file(conf));
    return 0;
}

int parts_open(struct parts *parts, struct config *conf, struct err *err)
{
    struct dispatch *dispatch;

    if (dispatch_new(conf, parts->db, parts->clock, parts->multi, &dispatch, err) < 0)
        return -1;
    if (answer_drop_open(conf, &parts->answers, err) < 0 ||
        exporter_new(conf, db_path(parts->db), parts->clock, &parts->exporter, err) < 0 ||
        make_subscriber(parts, conf, &parts->subscriber, err) < 0 ||
        dispatch_take_over(dispatch, err) < 0) {
        subscriber_free(parts->subscriber);
        answer_drop_close(parts->answers);
        exporter_free(parts->exporter);
        parts->subscriber = NULL;
        parts->answers = NULL;
        parts->exporter = NULL;
        dispatch_free(dispatch);
        return -1;
    }
    parts->dispatch = dispatch;
    parts->conf = config_share(conf);
    parts->broker_conf = config_share(conf);
    return 0;
}

static bool broker_stays(const struct parts *parts, const struct config *conf)
{
    return config_same(parts->broker_conf, conf, "mqtt") &&
           config_same(parts->broker_conf, conf, "intake");
}

/* The session is one: the old connection is gone before the new one is made. */
static void replace_subscriber(struct parts *parts, struct subscriber *subscriber,
                               struct config *conf)
{
    subscriber_free(parts->subscriber);
    config_free(parts->broker_conf);
    parts->subscriber = subscriber;
    parts->broker_conf = config_share(conf);
}

int parts_replace(struct parts *parts, struct config *conf, struct err *err)
{
    struct leaving *leaving = calloc(1, sizeof *leaving);
    struct dispatch *dispatch = NULL;
    struct answer_drop *answers = NULL;
    struct exporter *exporter = NULL;
    struct subscriber *subscriber = NULL;
    bool stays = broker_stays(parts, conf);

    if (!leaving)
        return err_memory(err);
    if (!config_same(parts->conf, conf, "store")) {
        err_set(err, ERR_CONFIG, "%s: [store] path: another store needs a restart",
                config_file(conf));
        goto failed;
    }
    if (dispatch_new(conf, parts->db, parts->clock, parts->multi, &dispatch, err) < 0 ||
        answer_drop_open(conf, &answers, err) < 0 ||
        exporter_new(conf, db_path(parts->db), parts->clock, &exporter, err) < 0 ||
        (!stays && make_subscriber(parts, conf, &subscriber, err) < 0) ||
        knowledge_open(conf, err) < 0)
        goto failed;
    dispatch_retire(parts->dispatch);
    *leaving = (struct leaving){parts->leaving, parts->dispatch, parts->conf};
    parts->leaving = leaving;
    parts->dispatch = dispatch;
    answer_drop_close(parts->answers);
    parts->answers = answers;
    exporter_free(parts->exporter);
    parts->exporter = exporter;
    parts->conf = config_share(conf);
    if (!stays)
        replace_subscriber(parts, subscriber, conf);
    return 0;
failed:
    subscriber_free(subscriber);
    answer_drop_close(answers);
    exporter_free(exporter);
    dispatch_free(dispatch);
    free(leaving);
    return -1;
}

static void leaving_free(struct leaving *leaving)
{
    dispatch_free(leaving->dispatch);
    config_free(leaving->conf);
    free(leaving);
}

int parts_run_leaving(struct parts *parts, time_t *next, struct err *err)
{
    struct leaving **at = &parts->leaving;

    while (*at) {
        struct leaving *one = *at;

        if (dispatch_run(one->dispatch, next, err) < 0)
            return -1;
        if (dispatch_is_done(one->dispatch)) {
            *at = one->next;
            leaving_free(one);
        } else {
            at = &one->next;
        }
    }
    return 0;
}

void parts_close(struct parts *parts, int64_t until_ms)
{
    subscriber_free(parts->subscriber);
    config_free(parts->broker_conf);
    if (parts->dispatch) /* its transfers move on while the first one is waited for */
        dispatch_drain(parts->dispatch, until_ms);
    while (parts->leaving) {
        struct leaving *one = parts->leaving;

        parts->leaving = one->next;
        dispatch_drain(one->dispatch, until_ms);
        leaving_free(one);
    }
    dispatch_free(parts->dispatch);
    answer_drop_close(parts->answers);
    exporter_free(parts->exporter);
    config_free(parts->conf);
    parts->answers = NULL;
    parts->exporter = NULL;
    parts->subscriber = NULL;
    parts->dispatch = NULL;
    parts->conf = parts->broker_conf = NULL;
}
