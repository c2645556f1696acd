#include "match/weights.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "match/weights_default.h"

static const char *const fields[FIELDS] = {
    [FIELD_FORENAME] = "forename",
    [FIELD_SURNAME] = "surname",
    [FIELD_BORN] = "birth date",
    [FIELD_HOME] = "home",
    [FIELD_SCHOOL] = "school",
    [FIELD_SEX] = "sex",
    [FIELD_MIDDLE_NAMES] = "middle names",
    [FIELD_UPN] = "UPN",
};

/* The word, and what the file says of it. Missing says nothing and has no line in the file. */
struct level {
    const char *word, *comment;
};

static const struct level forename_levels[] = {
    [NAME_MISSING] = {"missing", NULL},
    [NAME_DIFFERS] = {"differs", "another name altogether"},
    [NAME_INITIAL] = {"initial", "J, of James; a stranger's initial is the same by chance"},
    [NAME_FAR] = {"some letters differ", "two or three slips"},
    [NAME_NEAR] = {"nearly the same", "one slip of the hand"},
    [NAME_SHORT] = {"short form", "Sam, of Samuel"},
    [NAME_SOUND] = {"sounds alike", "Shelbie, Shelby"},
    [NAME_VARIANT] = {"another form of the name", "nickname or spelling: config/names"},
    [NAME_MIDDLE] = {"is a middle name", "the child is called by a middle name"},
    [NAME_PART] = {"part of it", "Anna, of Anna-Maria"},
    [NAME_EXCHANGED] = {"in place of the surname",
                        "forename and surname written in each other's place"},
    [NAME_OTHER] = {"other forename", "the preferred one, or one the child is known by"},
    [NAME_SAME] = {"same", "as on the roll"},
};
static const struct level surname_levels[] = {
    [NAME_MISSING] = {"missing", NULL},
    [NAME_DIFFERS] = {"differs", "often the other parent's"},
    [NAME_INITIAL] = {"initial", "a first letter alone"},
    [NAME_FAR] = {"some letters differ", "two or three slips"},
    [NAME_NEAR] = {"nearly the same", "one slip of the hand"},
    [NAME_SHORT] = {"beginning of it", "David, of Davidson"},
    [NAME_SOUND] = {"sounds alike", "Broun, Brown"},
    [NAME_VARIANT] = {"another form of the name", "spelling or gendered form: config/names"},
    [NAME_MIDDLE] = {NULL, NULL},
    [NAME_PART] = {"half of it", "Reid, of Okafor-Reid"},
    [NAME_EXCHANGED] = {"in place of the forename",
                        "forename and surname written in each other's place"},
    [NAME_OTHER] = {"former surname", "a surname the child had before"},
    [NAME_SAME] = {"same", "as on the roll"},
};
static const struct level born_levels[] = {
    [BORN_MISSING] = {"missing", NULL},
    [BORN_DIFFERS] = {"differs", "in two parts or more"},
    [BORN_AGE_DIFFERS] = {"age differs", "two years or more"},
    [BORN_AGE_NEAR] = {"age one year off", "one year more or less"},
    [BORN_AGE_FITS] = {"age fits", "where only an age is said: these three together are all"},
    [BORN_YEAR] = {"1 January of that year", "said where only the year is known"},
    [BORN_PART] = {"one part off", "day or month is another, by more than a digit"},
    [BORN_OTHER_YEAR] = {"another year", "the same day of a year two or more off"},
    [BORN_NEXT_YEAR] = {"one year off", "the same day of the year before or after"},
    [BORN_DIGIT] = {"one digit off", "2017-03-09, 2017-03-19"},
    [BORN_EXCHANGED] = {"day and month exchanged", "5 March, 3 May"},
    [BORN_SAME] = {"same", "to the day"},
};
static const struct level home_levels[] = {
    [HOME_MISSING] = {"missing", NULL},
    [HOME_DIFFERS] = {"another place", "moved, or the call-out was elsewhere"},
    [HOME_DISTRICT] = {"same district", "LS8, and no more"},
    [HOME_STREET] = {"same street, another number",
                     "moved within the street, or a number misheard"},
    [HOME_POSTCODE_NEAR] = {"postcode nearly the same", "one character is another, no street said"},
    [HOME_NEIGHBOUR] = {"same postcode, another house", "a street that is another, or misheard"},
    [HOME_POSTCODE] = {"same postcode", "no street said"},
    [HOME_ROAD] = {"same street", "no number said"},
    [HOME_SAME] = {"same house", "street and number, or postcode and number"},
};
static const struct level school_levels[] = {
    [SCHOOL_MISSING] = {"missing", NULL},
    [SCHOOL_DIFFERS] = {"another one", "what a parent said was another school"},
    [SCHOOL_PART] = {"some words of it", "and others that are not"},
    [SCHOOL_WITHIN] = {"part of its name", "Neatherd, of Dereham Neatherd High School"},
    [SCHOOL_SAME] = {"same", "all its telling words"},
};
static const struct level agreements[] = {
    [AGREE_MISSING] = {"missing", NULL},
    [AGREE_DIFFERS] = {"differs", "both are known"},
    [AGREE_SAME] = {"same", "both are known"},
};

static const struct {
    const struct level *words;
    int count;
} levels[FIELDS] = {
    [FIELD_FORENAME] = {forename_levels, ARRAY_SIZE(forename_levels)},
    [FIELD_SURNAME] = {surname_levels, ARRAY_SIZE(surname_levels)},
    [FIELD_BORN] = {born_levels, ARRAY_SIZE(born_levels)},
    [FIELD_HOME] = {home_levels, ARRAY_SIZE(home_levels)},
    [FIELD_SCHOOL] = {school_levels, ARRAY_SIZE(school_levels)},
    [FIELD_SEX] = {agreements, ARRAY_SIZE(agreements)},
    [FIELD_MIDDLE_NAMES] = {agreements, ARRAY_SIZE(agreements)},
    [FIELD_UPN] = {agreements, ARRAY_SIZE(agreements)},
};

static const char *const figures[FIGURES] = {
    [FIGURE_ON_ROLL] = "on the roll", [FIGURE_HOUSEHOLD] = "of the household",
    [FIGURE_NAMESAKE] = "namesakes",  [FIGURE_MATCH] = "match from",
    [FIGURE_REVIEW] = "review from",
};

const char *weights_field(enum field field)
{
    return fields[field];
}

const char *weights_level(enum field field, int level)
{
    return level >= 0 && level < levels[field].count ? levels[field].words[level].word : NULL;
}

bool weights_by_rarity(enum field field, int level)
{
    return field <= FIELD_SURNAME && level > NAME_INITIAL;
}

enum { NUMBERS = 4 };

struct line {
    const char *name;
    int number;
    int field; /* of the section, -1 in [figures] */
};

static int wrong(const struct line *at, const char *what, struct err *err)
{
    return err_set(err, ERR_INVALID, "%s:%d: %s", at->name, at->number, what);
}

static size_t read_numbers(char *text, double out[NUMBERS], bool *all)
{
    size_t n = 0;
    char *end;

    for (*all = true; *text; text = end) {
        double value;

        text += strspn(text, " \t");
        if (!*text)
            break;
        value = strtod(text, &end);
        if (end == text || !(value > 0) || n == NUMBERS) {
            *all = false;
            break;
        }
        out[n++] = value;
    }
    return n;
}

static int read_section(struct line *at, char *text, struct err *err)
{
    char *end = strchr(text, ']');

    if (!end || end[1])
        return wrong(at, "a section is [its name]", err);
    *end = '\0';
    if (strcmp(text, "figures") == 0) {
        at->field = -1;
        return 0;
    }
    for (int i = 0; i < FIELDS; i++) {
        if (strcmp(text, fields[i]) == 0) {
            at->field = i;
            return 0;
        }
    }
    return wrong(at, "there is no such section", err);
}

static int take_figure(const struct line *at, const char *key, const double *v, size_t n,
                       struct weights *out, struct err *err)
{
    for (int i = 0; i < FIGURES; i++) {
        if (strcmp(key, figures[i]) == 0) {
            if (n != 1)
                return wrong(at, "one number is expected", err);
            out->figure[i] = v[0];
            return 0;
        }
    }
    return wrong(at, "there is no such figure", err);
}

static int take_level(const struct line *at, const char *key, const double *v, size_t n,
                      struct weights *out, struct err *err)
{
    enum field field = (enum field)at->field;
    struct likelihood *l;
    int level = 1;
    size_t expected = field == FIELD_FORENAME ? 2 : field == FIELD_SURNAME ? 3 : 4;

    while (level < levels[field].count &&
           (!levels[field].words[level].word || strcmp(levels[field].words[level].word, key) != 0))
        level++;
    if (level == levels[field].count)
        return wrong(at, "there is no such level", err);
    if (n != expected)
        return wrong(at, "another count of numbers is expected", err);
    l = &out->of[field][level];
    l->own = v[0];
    if (weights_by_rarity(field, level))
        l->spellings = v[1];
    else
        l->stranger = v[1];
    if (n > 2)
        l->household = v[2];
    if (n > 3)
        l->namesake = v[3];
    return 0;
}

static int read_line(struct line *at, char *text, struct weights *out, struct err *err)
{
    double v[NUMBERS];
    char *end, *value;
    size_t n;
    bool all;

    text[strcspn(text, "#\r")] = '\0';
    text += strspn(text, " \t");
    for (end = text + strlen(text); end > text && (end[-1] == ' ' || end[-1] == '\t');)
        *--end = '\0';
    if (!*text)
        return 0;
    if (*text == '[')
        return read_section(at, text + 1, err);
    value = strchr(text, '=');
    if (!value)
        return wrong(at, "a line is LEVEL = NUMBERS", err);
    for (end = value; end > text && (end[-1] == ' ' || end[-1] == '\t'); end--)
        ;
    *end = '\0';
    n = read_numbers(value + 1, v, &all);
    if (!all)
        return wrong(at, "a number is none, or not above 0", err);
    return at->field < 0 ? take_figure(at, text, v, n, out, err)
                         : take_level(at, text, v, n, out, err);
}

static int check_whole(const char *name, const struct weights *w, struct err *err)
{
    for (int f = 0; f < FIELDS; f++) {
        for (int i = 1; i < levels[f].count; i++) {
            if (levels[f].words[i].word && !(w->of[f][i].own > 0))
                return err_set(err, ERR_INVALID, "%s: [%s] has no line for: %s", name, fields[f],
                               levels[f].words[i].word);
        }
    }
    for (int i = 0; i < FIGURES; i++) {
        if (!(w->figure[i] > 0))
            return err_set(err, ERR_INVALID, "%s: [figures] has no line for: %s", name, figures[i]);
    }
    return 0;
}

int weights_parse(const char *text, const char *name, struct weights *out, struct err *err)
{
    struct line at = {name, 0, -1};
    char line[256];

    memset(out, 0, sizeof *out);
    while (*text) {
        size_t n = strcspn(text, "\n");

        at.number++;
        if (n >= sizeof line)
            return wrong(&at, "the line is too long", err);
        memcpy(line, text, n);
        line[n] = '\0';
        text += n + (text[n] == '\n');
        if (read_line(&at, line, out, err) < 0)
            return -1;
    }
    return check_whole(name, out, err);
}

int weights_load(const char *path, struct weights *out, struct err *err)
{
    char text[32768];
    FILE *f = fopen(path, "r");
    size_t n;
    bool failed;

    if (!f)
        return err_errno(err, path);
    n = fread(text, 1, sizeof text - 1, f);
    failed = ferror(f) != 0;
    fclose(f);
    if (failed)
        return err_errno(err, path);
    if (n == sizeof text - 1)
        return err_set(err, ERR_LIMIT, "%s: the file is too long", path);
    text[n] = '\0';
    return weights_parse(text, path, out, err);
}

static const char head[] =
    "# What each level of agreement says, for `encompass match` and the daemon. Made by\n"
    "# `encompass match --learn` (make weights); may be changed by hand.\n"
    "#\n"
    "# Each line: how often a level is seen among pairs of a child, as police wrote it down, and\n"
    "#   own        its own pupil on the roll\n"
    "#   stranger   any other pupil\n"
    "#   household  a brother, sister or other child of its home, when it is on no roll itself\n"
    "#   namesake   a pupil of its name, when it is on no roll itself\n"
    "# The level speaks for the pupil by log2(own / other), against each of the others; the likeliest\n"
    "# other counts. Levels of one field and column add up to 1, and what is missing says nothing.\n"
    "#\n"
    "# Of names that are alike there is `spellings` in place of stranger: how many names one might as\n"
    "# well have written for the pupil's. How rare a name is comes from the roll, so that a slip in a\n"
    "# rare name says much, and a name that is itself common, instead of another, little. Spellings are\n"
    "# counts, set by hand, and learning leaves them: some 60 names are one slip of the hand away from a\n"
    "# name, some 300 two or three, 8 sound alike, 6 are other forms of it. Twice as many or half\n"
    "# as many decide hardly a child otherwise.\n";

static const char *const figure_comments[FIGURES] = {
    [FIGURE_ON_ROLL] = "share of the children of call-outs who are on the roll",
    [FIGURE_HOUSEHOLD] = "pupils on the roll from the home of a child who is not",
    [FIGURE_NAMESAKE] = "pupils on the roll with the name of a child who is not",
    [FIGURE_MATCH] = "probability: told without a person; below, a person decides",
    [FIGURE_REVIEW] = "probability: below, the child is on no roll",
};

static void write_comment(const char *comment, size_t used, struct buf *out)
{
    for (; used < 72; used++)
        buf_add_char(out, ' ');
    buf_addf(out, "  # %s\n", comment);
}

static void write_level(const struct likelihood *l, enum field field, int level, struct buf *out)
{
    size_t before = out->length;

    buf_addf(out, "%-28s = %-9.3g %-9.3g", levels[field].words[level].word, l->own,
             weights_by_rarity(field, level) ? l->spellings : l->stranger);
    if (field != FIELD_FORENAME)
        buf_addf(out, " %-9.3g", l->household);
    if (field > FIELD_SURNAME)
        buf_addf(out, " %-9.3g", l->namesake);
    write_comment(levels[field].words[level].comment, out->length - before, out);
}

void weights_write(const struct weights *weights, struct buf *out)
{
    static const char *const columns[] = {"own spellings", "own spellings household",
                                          "own stranger household namesake"};

    buf_add_text(out, head);
    buf_add_text(out, "\n[figures]\n");
    for (int i = 0; i < FIGURES; i++) {
        size_t before = out->length;

        buf_addf(out, "%-28s = %.4g", figures[i], weights->figure[i]);
        write_comment(figure_comments[i], out->length - before, out);
    }
    for (int f = 0; f < FIELDS; f++) {
        buf_addf(out, "\n# %s\n[%s]\n", columns[f < 2 ? f : 2], fields[f]);
        for (int i = levels[f].count - 1; i > 0; i--) {
            if (levels[f].words[i].word)
                write_level(&weights->of[f][i], (enum field)f, i, out);
        }
    }
}

const struct weights *weights_default(void)
{
    static struct weights weights;
    static bool read;
    struct err err;

    if (!read) {
        if (weights_parse(weights_default_text, "match-weights.conf", &weights, &err) < 0)
            abort(); /* the build tests it */
        read = true;
    }
    return &weights;
}

static struct weights in_use;
static bool has_own;

const struct weights *weights_in_use(void)
{
    return has_own ? &in_use : weights_default();
}

void weights_use(const struct weights *weights)
{
    in_use = *weights;
    has_own = true;
}
