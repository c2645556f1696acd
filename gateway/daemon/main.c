/* gateway/daemon/main.c - `encompassd`: the words of the command line, and what a start needs. */
#include <curl/curl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>

#include "base/log.h"
#include "base/personal.h"
#include "daemon/loop.h"
#include "daemon/service.h"
#include "daemon/settings.h"
#include "match/keys.h"
#include "match/knowledge.h"
#include "match/names.h"
#include "store/roll_index.h"

static const char help[] =
    "usage: encompassd [--config FILE] [--store FILE] [--now TIME]\n\n"
    "Takes incidents from the police by MQTT, finds each child's school and tells its key adult\n"
    "before the bell. Runs in the foreground, logs to standard error, stops on SIGTERM.\n\n"
    "  --config FILE   the configuration (default /etc/encompass/encompass.conf)\n"
    "  --store FILE    the store, in place of the one that the configuration names\n"
    "  --now TIME      pretend that it is TIME in London, such as 2026-03-16T07:29:50, and run\n"
    "                  on from there (drills)\n"
    "  --help          this\n"
    "  --version       the program's version\n\n"
    "Exit status: 0 stopped as asked, 2 wrong use, 3 it could not start.\n";

struct options {
    const char *config, *store, *now;
    bool done; /* help or version was asked for and given */
};

static int read_options(int argc, char **argv, struct options *o, struct err *err)
{
    static const struct option words[] = {
        {"config", required_argument, NULL, 'c'}, {"store", required_argument, NULL, 's'},
        {"now", required_argument, NULL, 'n'},    {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0},
    };
    int word;

    opterr = 0;
    while ((word = getopt_long(argc, argv, "h", words, NULL)) != -1) {
        switch (word) {
        case 'c':
            o->config = optarg;
            break;
        case 's':
            o->store = optarg;
            break;
        case 'n':
            o->now = optarg;
            break;
        case 'h':
        case 'v':
            fputs(word == 'h' ? help : "encompassd " ENCOMPASS_VERSION "\n", stdout);
            o->done = true;
            return 0;
        default:
            return err_set(err, ERR_USAGE, "%s is not understood, see encompassd --help",
                           argv[optind - 1]);
        }
    }
    if (optind < argc)
        return err_set(err, ERR_USAGE, "%s is not understood, see encompassd --help", argv[optind]);
    return 0;
}

/* Signals are read by the loop; threads inherit the mask, so none gets one. */
static void block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN); /* a closed connection is an error code, not an end; */
    signal(SIGXFSZ, SIG_IGN); /* so is a limit on the size of files */
}

/* After an upgrade: seconds for a roll of some hundred thousand pupils. */
static int bring_up_index(struct db *db, struct err *err)
{
    int rc = roll_index_bring_up(db, err);

    if (rc == 1)
        log_event(LOG_LEVEL_INFO, "roll.indexed", "keys=%d", (int)KEYS_VERSION);
    return rc < 0 ? -1 : 0;
}

static int serve(const struct options *o, struct err *err)
{
    static struct clock clock; /* the log keeps it for as long as the process lasts */
    struct config *conf = NULL;
    struct db *db = NULL;
    enum log_level level;
    int rc = -1;

    if (o->now && clock_pretend(&clock, o->now, err) < 0)
        return -1;
    if (settings_load(o->config, &conf, err) < 0)
        return -1;
    if (log_level_parse(config_text(conf, "log", "level"), &level, err) < 0)
        goto out;
    log_open(stderr, &clock, level);
    if (knowledge_open(conf, err) < 0)
        goto out;
    service_starting("opening the store");
    if (db_open(o->store ? o->store : config_text(conf, "store", "path"), &db, err) < 0 ||
        db_lock_daemon(db, err) < 0 || bring_up_index(db, err) < 0)
        goto out;
    rc = loop_run(conf, db, &clock, err);
out:
    names_unload();
    db_close(db);
    config_free(conf);
    return rc;
}

int main(int argc, char **argv)
{
    struct options o = {.config = "/etc/encompass/encompass.conf"};
    struct err err = {.code = ERR_NONE};
    int rc;

    personal_keep_from_dumps();
    rc = read_options(argc, argv, &o, &err);
    if (rc == 0 && !o.done) {
        block_signals();
        curl_global_init(CURL_GLOBAL_DEFAULT);
        rc = serve(&o, &err);
        curl_global_cleanup();
    }
    if (rc < 0) {
        fprintf(stderr, "encompassd: %s\n", err.text);
        return err.code == ERR_USAGE ? 2 : 3;
    }
    return 0;
}
