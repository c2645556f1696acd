#include "post.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/adapter.h"
#include "base/date.h"
#include "chance.h"
#include "world.h"

bool post_is_down;

static int journal = -1;
static char spool_folder[512];

static int play_open(const struct config *conf, void **self, struct err *err)
{
    static char open;

    (void)conf;
    (void)err;
    *self = &open;
    return 0;
}

static void play_close(void *self)
{
    (void)self;
}

static void write_down(const struct message *m, bool taken, bool answers)
{
    struct post_item item = {.at = m->at, .taken = taken, .answers = taken && answers};
    const char *text = personal_reveal(&m->text);
    struct iovec_pair {
        const void *bytes;
        size_t length;
    } parts[2];

    snprintf(item.key, sizeof item.key, "%s", m->key);
    snprintf(item.reference, sizeof item.reference, "%s", m->reference);
    snprintf(item.address, sizeof item.address, "%s", personal_reveal(&m->to_address));
    snprintf(item.subject, sizeof item.subject, "%s", m->subject);
    item.length = (unsigned)strlen(text);
    parts[0] = (struct iovec_pair){&item, sizeof item};
    parts[1] = (struct iovec_pair){text, item.length};
    crash_point();
    for (int i = 0; i < 2; i++) {
        if (write(journal, parts[i].bytes, parts[i].length) != (ssize_t)parts[i].length)
            abort();
    }
    crash_point();
}

/* A mailbox that is full until somebody has come to it in the late morning. */
static bool is_full(int contact, time_t at)
{
    return (london_day(at) + contact) % 3 == 0 && london_second(at) < 10 * 3600 + 1800;
}

static enum verdict verdict_of(int contact, const struct message *m)
{
    uint64_t n = chance_mix((uint64_t)m->at,
                            (uint64_t)(unsigned char)m->key[0] << 8 | (unsigned char)m->key[1]);

    if (contact < 0)
        return VERDICT_SENT; /* a wrong door: the checks say so */
    switch (contacts[contact].temper) {
    case FLAKY:
        return n % 3 == 0 ? VERDICT_LATER : VERDICT_SENT;
    case FULL:
        return is_full(contact, m->at) ? VERDICT_LATER : VERDICT_SENT;
    case DEAD:
    case GONE:
        return VERDICT_NEVER;
    default:
        return VERDICT_SENT;
    }
}

struct played {
    enum verdict verdict;
    bool answers, ends;
};

static int play_start(void *self, const struct message *m, CURL **transfer, void **work,
                      struct err *err)
{
    int contact = world_contact_at(personal_reveal(&m->to_address));
    struct played *p = calloc(1, sizeof *p);

    (void)self;
    (void)err;
    if (!p)
        abort();
    p->verdict = post_is_down ? VERDICT_BROKEN : verdict_of(contact, m);
    p->ends = contact >= 0 && contacts[contact].temper == GONE;
    p->answers = contact >= 0 && contacts[contact].temper == PROMPT &&
                 strcmp(contacts[contact].adapter, "webhook") == 0;
    if (p->verdict == VERDICT_SENT || p->verdict == VERDICT_NEVER)
        write_down(m, p->verdict == VERDICT_SENT, p->answers);
    *transfer = NULL;
    *work = p;
    return 0;
}

static enum verdict play_judge(void *self, CURL *transfer, void *work, CURLcode how,
                               struct outcome *outcome)
{
    struct played p = *(struct played *)work;

    (void)self;
    (void)transfer;
    (void)how;
    free(work);
    outcome->code = p.verdict == VERDICT_SENT ? 250 : p.verdict == VERDICT_NEVER ? 550 : 451;
    if (p.verdict == VERDICT_BROKEN)
        outcome->code = 0;
    outcome->contact_ends = p.verdict == VERDICT_NEVER && p.ends;
    snprintf(outcome->detail, sizeof outcome->detail, "played");
    if (p.verdict == VERDICT_SENT && p.answers &&
        personal_set_text(&outcome->answered_by, "Somebody there", NULL) < 0)
        abort();
    return p.verdict;
}

static const struct config_key email_keys[] = {
    {.name = "concurrency", .kind = CONFIG_INT, .otherwise = "50", .least = 1, .most = 1000},
    {.name = NULL},
};

const struct adapter email_adapter = {.name = "email",
                                      .section = "adapter \"email\"",
                                      .keys = email_keys,
                                      .open = play_open,
                                      .start = play_start,
                                      .judge = play_judge,
                                      .close = play_close};
const struct adapter webhook_adapter = {.name = "webhook",
                                        .section = "adapter \"webhook\"",
                                        .keys = email_keys,
                                        .open = play_open,
                                        .start = play_start,
                                        .judge = play_judge,
                                        .close = play_close};
const struct adapter *const adapters[] = {&email_adapter, &webhook_adapter, &spool_adapter, NULL};

const struct adapter *adapter_find(const char *name)
{
    for (size_t i = 0; adapters[i]; i++) {
        if (strcmp(adapters[i]->name, name) == 0)
            return adapters[i];
    }
    return NULL;
}

const char *verdict_word(enum verdict verdict)
{
    static const char *const words[] = {"sent", "later", "never", "broken"};

    return words[verdict];
}

int post_open(const char *folder)
{
    char path[600];

    snprintf(path, sizeof path, "%s/journal", folder);
    journal = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    snprintf(spool_folder, sizeof spool_folder, "%s/spool", folder);
    if (journal < 0 || (mkdir(spool_folder, 0700) < 0 && access(spool_folder, W_OK) < 0)) {
        perror(folder);
        return -1;
    }
    return 0;
}

void post_close(void)
{
    if (journal >= 0)
        close(journal);
}

static int collect_journal(int (*take)(const struct post_item *item))
{
    struct post_item item;
    off_t at = 0;
    int rc = 0;

    /* A kill in the middle of a record leaves a part of one: it was not taken over. */
    while (rc == 0 && pread(journal, &item, sizeof item, at) == (ssize_t)sizeof item) {
        char *text = calloc(1, item.length + 1);

        if (!text ||
            pread(journal, text, item.length, at + (off_t)sizeof item) != (ssize_t)item.length) {
            free(text);
            break;
        }
        item.text = text;
        rc = take(&item);
        free(text);
        at += (off_t)(sizeof item + item.length);
    }
    if (at > 0 && ftruncate(journal, 0) < 0)
        return -1;
    return rc;
}

static void header(const char *text, const char *name, char *out, size_t size)
{
    const char *line = strstr(text, name);
    size_t length;

    out[0] = '\0';
    if (!line)
        return;
    line += strlen(name);
    length = strcspn(line, "\n");
    snprintf(out, size, "%.*s", (int)length, line);
}

static int take_file(const char *path, const char *file_name, int (*take)(const struct post_item *))
{
    struct post_item item = {.taken = true};
    char *text = calloc(1, 65536), at[MOMENT_TEXT_SIZE];
    static const char *const prefixes[] = {"OE-", "EX-", "EW-"};
    const char *of = NULL;
    FILE *in = fopen(path, "re");
    int rc;

    if (!in || !text)
        abort();
    item.length = (unsigned)fread(text, 1, 65535, in);
    fclose(in);
    unlink(path);
    snprintf(item.key, sizeof item.key, "%.*s", (int)strcspn(file_name, "."), file_name);
    header(text, "Date: ", at, sizeof at);
    header(text, "Address: ", item.address, sizeof item.address);
    header(text, "Subject: ", item.subject, sizeof item.subject);
    for (int i = 0; i < 3 && !of; i++)
        of = strstr(item.subject, prefixes[i]);
    snprintf(item.reference, sizeof item.reference, "%.12s", of ? of : "");
    item.text = text;
    rc = moment_parse(at, &item.at) ? take(&item) : -1;
    free(text);
    return rc;
}

/* Not the folder itself, nor a file whose writer was killed. */
static int is_whole(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int post_collect(int (*take)(const struct post_item *item))
{
    struct dirent **list;
    int n = scandir(spool_folder, &list, is_whole, alphasort), rc = 0;

    if (n < 0)
        return -1;
    for (int i = 0; i < n; i++) {
        char path[900];

        snprintf(path, sizeof path, "%s/%s", spool_folder, list[i]->d_name);
        if (rc == 0)
            rc = take_file(path, list[i]->d_name, take);
        free(list[i]);
    }
    free(list);
    return rc == 0 ? collect_journal(take) : rc;
}
