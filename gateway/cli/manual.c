#include "cli/manual.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "daemon/settings.h"

#define DATE ".Dd November 25, 2026\n"

/* Text as it stands: no line of it is a request, and a hyphen stays the one that can be typed. */
static void put_text(FILE *to, const char *text)
{
    bool first = true;

    for (const char *p = text; *p; p++) {
        if (first && (*p == '.' || *p == '\''))
            fputs("\\&", to);
        if (*p == '\\')
            fputs("\\e", to);
        else if (*p == '-')
            fputs("\\-", to);
        else
            putc(*p, to);
        first = *p == '\n';
    }
    putc('\n', to);
}

/* A usage's further lines stand under its first, which has no "usage: " before it here. */
static void put_usage(const char *usage, FILE *to)
{
    const char *end = strstr(usage, "\n\n"), *line = usage;
    const size_t before = strlen("usage: ");
    struct buf synopsis;

    buf_init(&synopsis, 1024);
    while (end && line < end) {
        size_t length = strcspn(line, "\n");

        buf_addf(&synopsis, "%s%.*s", line == usage ? "" : "\n", (int)length, line);
        line += length + 1;
        line += strspn(line, " ") >= before ? before : 0;
    }
    put_text(to, buf_text(&synopsis));
    put_text(to, line);
    buf_release(&synopsis);
}

static void print_commands(const struct command *const *commands, const char *options, FILE *to)
{
    fputs(DATE ".Dt ENCOMPASS 1\n.Os Encompass " ENCOMPASS_VERSION "\n"
               ".Sh NAME\n.Nm encompass\n"
               ".Nd look after the Operation Encompass notification gateway\n"
               ".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar arguments\n.Op Ar options\n"
               ".Sh DESCRIPTION\n"
               "Schools are told before a child who lived through domestic abuse arrives the next\n"
               "morning.\n.Nm\nlooks after the gateway that tells them,\n.Xr encompassd 8 :\n"
               "its store, its registers and what waits for a person.\n"
               "Run it as the user that the gateway runs as.\n"
               ".Sh COMMANDS\n",
          to);
    for (; *commands; commands++) {
        fprintf(to, ".Ss encompass %s\n", (*commands)->name);
        put_text(to, (*commands)->summary);
        fprintf(to, ".Bd -literal\nencompass %s ", (*commands)->name);
        put_usage((*commands)->usage, to);
        fputs(".Ed\n", to);
    }
    fputs(".Sh OPTIONS\n.Bd -literal\n", to);
    put_text(to, options);
    fputs(".Ed\n.Sh FILES\n.Bl -tag -width Ds\n"
          ".It Pa /etc/encompass/encompass.conf\nThe configuration.\n"
          ".It Pa /var/lib/encompass/store.db\nThe store.\n"
          ".El\n"
          ".Sh EXIT STATUS\n"
          "0 done, 1 it found something wrong, 2 wrong use, 3 could not.\n"
          ".Sh SEE ALSO\n.Xr encompass.conf 5 ,\n.Xr encompassd 8\n",
          to);
}

static void print_choices(const char *choices, FILE *to)
{
    fputs("One of ", to);
    for (const char *p = choices; *p; p++)
        fputs(*p == '|' ? ", " : (char[]){*p, '\0'}, to);
}

static void print_kind(const struct config_key *key, FILE *to)
{
    switch (key->kind) {
    case CONFIG_TEXT:
        fputs("Text", to);
        break;
    case CONFIG_INT:
        fputs("A whole number", to);
        break;
    case CONFIG_BOOL:
        fputs("yes or no", to);
        break;
    case CONFIG_PATH:
        fputs("A file or folder", to);
        break;
    case CONFIG_SECRET:
        fputs("A file that holds a secret, or a credential of its name", to);
        break;
    case CONFIG_SECONDS:
        fputs("A duration such as 90s, 15m or 2h", to);
        break;
    case CONFIG_TIME:
        fputs("A time such as 07:30", to);
        break;
    case CONFIG_CHOICE:
        print_choices(key->choices, to);
        break;
    }
    if (key->least != 0 || key->most != 0)
        fprintf(to, ", %" PRId64 " to %" PRId64 "%s", key->least, key->most,
                key->kind == CONFIG_SECONDS ? " seconds" : "");
    if (key->otherwise)
        fprintf(to, "; %s unless given", key->otherwise);
    fputs(".\n", to);
}

static void print_keys(const struct config_section *s, FILE *to)
{
    fprintf(to, ".Ss [%s]\n.Bl -tag -width Ds\n", s->name);
    for (const struct config_key *key = s->keys; key->name; key++) {
        fprintf(to, ".It Cm %s\n", key->name);
        if (key->help)
            put_text(to, key->help);
        if (key->help)
            fputs(".br\n", to);
        print_kind(key, to);
    }
    fputs(".El\n", to);
}

static void print_configuration(FILE *to)
{
    fputs(DATE
          ".Dt ENCOMPASS.CONF 5\n.Os Encompass " ENCOMPASS_VERSION "\n"
          ".Sh NAME\n.Nm encompass.conf\n"
          ".Nd configuration of the Operation Encompass notification gateway\n"
          ".Sh DESCRIPTION\n"
          "A line is\n.Ql [section]\nor\n.Ql key = value ;\n"
          "what follows a # at a line's beginning is a remark.\n"
          "An unknown section or key, one that is given twice, and a value that is not of its\n"
          "kind refuse the file, with its line.\n"
          "Names of files are relative to the file's own folder.\n"
          ".Pp\n"
          "A secret stands in a file of its own, whose first line it is.\n"
          "A systemd credential of the same name is looked for before it\n"
          ".Pq see Xr systemd.exec 5 , Ic LoadCredential .\n"
          ".Pp\n"
          "A section whose name has a * is a family: any name in its place, as many as are "
          "wanted.\n"
          ".Pp\n"
          ".Ic encompass check\nsays what a start would refuse;\n"
          ".Ic systemctl reload encompassd\nreads the file again.\n"
          ".Sh SECTIONS AND KEYS\n",
          to);
    for (const struct config_section *s = settings_sections(); s->name; s++)
        print_keys(s, to);
    fputs(".Sh FILES\n.Bl -tag -width Ds\n"
          ".It Pa /etc/encompass/encompass.conf\nThe configuration.\n"
          ".It Pa /usr/share/encompass/config/encompass.conf\nAn example that has every key.\n"
          ".El\n"
          ".Sh SEE ALSO\n.Xr encompass 1 ,\n.Xr encompassd 8\n",
          to);
}

int manual_print(const char *page, const struct command *const *commands, const char *options,
                 FILE *to, struct err *err)
{
    if (strcmp(page, "encompass.1") == 0)
        print_commands(commands, options, to);
    else if (strcmp(page, "encompass.conf.5") == 0)
        print_configuration(to);
    else
        return err_set(err, ERR_USAGE, "manual: the pages are encompass.1 and encompass.conf.5");
    return 0;
}
