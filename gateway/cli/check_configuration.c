#include "cli/findings.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "adapters/adapter.h"
#include "adapters/receivers.h"
#include "base/date.h"
#include "daemon/settings.h"
#include "deliver/answers.h"
#include "deliver/render.h"
#include "follow/answer_drop.h"
#include "follow/bounces.h"
#include "follow/words.h"
#include "intake/subscriber.h"
#include "match/knowledge.h"
#include "match/names.h"

enum { CERTIFICATE_DAYS = 30, DAY_SECONDS = 86400 };

struct key {
    const char *section, *name;
};

static void check_adapters(const struct config *config, struct findings *f)
{
    struct err err;
    void *self;

    for (size_t i = 0; adapters[i]; i++) {
        if (!config_has(config, adapters[i]->section))
            continue;
        self = NULL;
        if (adapters[i]->open(config, &self, &err) < 0)
            finding(f, SEVERITY_ERROR, adapters[i]->section, "mend the section", "%s", err.text);
        else
            adapters[i]->close(self);
    }
}

static void check_names(const struct config *config, struct findings *f)
{
    struct err err;

    if (knowledge_open(config, &err) < 0)
        finding(f, SEVERITY_ERROR, "names", "mend the file, or [match] names and own_names", "%s",
                err.text);
    names_unload();
}

static void check_templates(const struct config *config, struct findings *f)
{
    struct templates *templates = NULL;
    struct err err;

    if (templates_load(config_text(config, "morning", "templates"), &templates, &err) < 0)
        finding(f, SEVERITY_ERROR, "templates", "mend the file, or [morning] templates", "%s",
                err.text);
    templates_free(templates);
}

struct certificates {
    int count;
    time_t first_end, last_end;
};

static void read_certificates(FILE *file, struct certificates *out)
{
    X509 *certificate;

    *out = (struct certificates){.count = 0};
    while ((certificate = PEM_read_X509(file, NULL, NULL, NULL))) {
        struct tm until;

        if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &until) == 1) {
            time_t end = timegm(&until);

            if (out->count == 0 || end < out->first_end)
                out->first_end = end;
            if (out->count == 0 || end > out->last_end)
                out->last_end = end;
            out->count++;
        }
        X509_free(certificate);
    }
    ERR_clear_error(); /* the end of the file is an error to OpenSSL */
}

/* Our own certificate is as good as the first of its chain to end. A file of authorities is good
 * while one of them is: the system's always has some that have ended. */
static void check_certificates(const char *subject, const char *path, bool own, time_t now,
                               struct findings *f)
{
    FILE *file = fopen(path, "re");
    struct certificates read;
    char when[WORDS_MOMENT_SIZE];
    time_t end;

    if (!file) {
        finding(f, SEVERITY_ERROR, subject, "give a file that this user can read", "%s: %s", path,
                strerror(errno));
        return;
    }
    read_certificates(file, &read);
    fclose(file);
    end = own ? read.first_end : read.last_end;
    if (read.count == 0)
        finding(f, SEVERITY_ERROR, subject, "give a PEM file", "%s: there is no certificate in it",
                path);
    else if (end <= now)
        finding(f, SEVERITY_ERROR, subject, "get a new one", "%s: the certificate ran out on %s",
                path, words_moment(end, when));
    else if (end < now + (time_t)CERTIFICATE_DAYS * DAY_SECONDS)
        finding(f, SEVERITY_WARNING, subject, "get a new one before that day",
                "%s: the certificate runs out on %s", path, words_moment(end, when));
}

static void check_certificate(const struct config *config, const char *section, const char *name,
                              time_t now, struct findings *f)
{
    const char *path = config_text(config, section, name);
    char subject[96];

    snprintf(subject, sizeof subject, "[%s] %s", section, name);
    if (path)
        check_certificates(subject, path, strcmp(name, "ca_file") != 0, now, f);
}

/* A credential's permissions are the service manager's: an access list, which shows as a group's. */
static bool is_credential(const char *path)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");

    return folder && strncmp(path, folder, strlen(folder)) == 0 && path[strlen(folder)] == '/';
}

static void check_secrets_of(const struct config *config, const char *section,
                             const struct config_key *keys, struct findings *f)
{
    char subject[96];
    const char *path;
    struct stat st;

    for (const struct config_key *key = keys; key->name; key++) {
        path = key->kind == CONFIG_SECRET ? config_text(config, section, key->name) : NULL;
        if (!path || is_credential(path) || stat(path, &st) < 0 ||
            !(st.st_mode & (S_IRWXG | S_IRWXO)))
            continue;
        snprintf(subject, sizeof subject, "[%s] %s", section, key->name);
        finding(f, SEVERITY_WARNING, subject, "chmod 600, or hand it over as a systemd credential",
                "%s: others than its owner may read or change it (mode %03o)", path,
                (unsigned)(st.st_mode & 0777));
    }
}

static void check_secrets(const struct config *config, struct findings *f)
{
    const char *section;

    for (const struct config_section *s = settings_sections(); s->name; s++) {
        if (!strchr(s->name, '*'))
            check_secrets_of(config, s->name, s->keys, f);
        for (size_t n = 0; strchr(s->name, '*') && (section = config_nth(config, s->name, n)); n++)
            check_secrets_of(config, section, s->keys, f);
    }
}

static void check_files(const struct config *config, time_t now, struct findings *f)
{
    static const struct key certificates[] = {
        {"mqtt", "ca_file"},
        {"mqtt", "certificate_file"},
        {"adapter \"email\"", "ca_file"},
        {"adapter \"webhook\"", "ca_file"},
        {"adapter \"notify\"", "ca_file"},
    };
    static const char *const receivers_certificates[] = {"ca_file", "certificate_file"};
    const char *section;

    for (size_t i = 0; i < ARRAY_SIZE(certificates); i++)
        check_certificate(config, certificates[i].section, certificates[i].name, now, f);
    for (size_t n = 0; (section = config_nth(config, RECEIVER_FAMILY, n)); n++) {
        for (size_t i = 0; i < ARRAY_SIZE(receivers_certificates); i++)
            check_certificate(config, section, receivers_certificates[i], now, f);
    }
}

static void check_protection(const struct config *config, struct findings *f)
{
    const char *mail = "adapter \"email\"";

    if (config_has(config, "mqtt") && !config_bool(config, "mqtt", "tls"))
        finding(f, SEVERITY_WARNING, "[mqtt] tls",
                "switch it on, unless the broker is this machine", "incidents come in unencrypted");
    if (config_has(config, mail) && strcmp(config_text(config, mail, "tls"), "none") == 0)
        finding(f, SEVERITY_WARNING, "[adapter \"email\"] tls",
                "starttls or implicit, unless the mail server is this machine",
                "notices leave unencrypted");
    if (config_bool(config, "adapter \"webhook\"", "allow_loopback"))
        finding(f, SEVERITY_WARNING, "[adapter \"webhook\"] allow_loopback",
                "switch it off outside drills", "notices may go to this machine unencrypted");
}

static void check_answers(const struct config *config, struct findings *f)
{
    struct prepare_links links;
    struct answer_drop *drop = NULL;
    struct err err;

    if (answers_links(config, &links, &err) < 0 || answer_drop_open(config, &drop, &err) < 0)
        finding(f, SEVERITY_ERROR, "answers", "mend [answers]", "%s", err.text);
    answer_drop_close(drop);
}

static void check_bounces(const struct config *config, struct findings *f)
{
    static const char mail[] = "adapter \"email\"";
    const char *folder = config_text(config, mail, "bounce_maildir");
    struct err err;

    if (!config_has(config, mail))
        return;
    if (!folder)
        finding(f, SEVERITY_WARNING, "[adapter \"email\"] bounce_maildir",
                "have bounce_address delivered to a maildir, and name it",
                "a mail that comes back is noticed only when its answer is overdue");
    else if (bounces_check(folder, &err) < 0)
        finding(f, SEVERITY_ERROR, "[adapter \"email\"] bounce_maildir",
                "give a maildir that this user can read and move mails in", "%s", err.text);
}

static void check_broker(struct cli *cli, const struct config *config, struct db *db,
                         struct findings *f)
{
    struct subscriber *subscriber = NULL;
    struct err err;

    if (!config_has(config, "mqtt"))
        finding(f, SEVERITY_ERROR, "[mqtt]", "give the section",
                "no broker is configured: nothing comes in");
    else if (subscriber_new(config, db, &cli->clock, &subscriber, &err) < 0)
        finding(f, SEVERITY_ERROR, "[mqtt]", "mend the section", "%s", err.text);
    subscriber_free(subscriber);
}

void check_configuration(struct cli *cli, const struct config *config, struct findings *f)
{
    check_broker(cli, config, cli->db, f);
    check_adapters(config, f);
    check_bounces(config, f);
    check_answers(config, f);
    check_templates(config, f);
    check_names(config, f);
    check_files(config, clock_now(&cli->clock), f);
    check_secrets(config, f);
    check_protection(config, f);
}
