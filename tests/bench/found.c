/* tests/bench/found.c - which of the true pupils of a labelled set the blocking keys find, by kind
 * and in union, and how many candidates that costs.
 *
 *   found NAMES QUERIES.csv TRUTH.csv ROLL.csv... [--missed]
 *
 * NAMES is the folder of the lists of names.
 *
 * In memory, without a store: what it counts are keys, not SQLite's time.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/keys.h"
#include "match/names.h"
#include "match/person.h"
#include "registers/csv_file.h"

enum { NOISES = 64, WORD = 48 };

struct entry {
    uint64_t key;
    uint32_t pupil;
};

static struct entry *entries;
static size_t entries_count, entries_room;
static char (*ids)[16];
static size_t pupils;

static struct csv_file *open_csv(const char *path, const struct csv_column *columns, size_t count)
{
    struct csv_file *csv;
    struct err err;

    if (csv_file_open(path, columns, count, &csv, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return csv;
}

static void read_roll(const char *path)
{
    static const struct csv_column columns[] = {
        {"pupil_id", true},     {"forename", true}, {"preferred_forename", true},
        {"middle_names", true}, {"surname", true},  {"former_surname", true},
        {"dob", true},          {"postcode", true}, {"upn", true}};
    struct csv_file *csv = open_csv(path, columns, ARRAY_SIZE(columns));
    struct key keys[KEYS_MAX];
    struct err err;

    while (csv_file_next(csv, &err) == 1) {
        struct person p;
        size_t n;

        person_init(&p);
        person_add_forename(&p, csv_file_cell(csv, 1));
        person_add_forename(&p, csv_file_cell(csv, 2));
        person_set_middle_names(&p, csv_file_cell(csv, 3));
        person_add_surname(&p, csv_file_cell(csv, 4));
        person_add_surname(&p, csv_file_cell(csv, 5));
        p.born = day_parse(csv_file_cell(csv, 6));
        person_set_postcode(&p, csv_file_cell(csv, 7));
        person_set_upn(&p, csv_file_cell(csv, 8));
        n = keys_of(&p, KEYS_PUPIL, keys);
        if (entries_count + n > entries_room) {
            entries_room = 2 * entries_room + (1 << 20);
            entries = reallocarray(entries, entries_room, sizeof *entries);
        }
        if (pupils % 65536 == 0)
            ids = reallocarray(ids, pupils + 65536, sizeof *ids);
        if (!entries || !ids)
            abort();
        for (size_t i = 0; i < n; i++)
            entries[entries_count++] = (struct entry){keys[i].bits, (uint32_t)pupils};
        snprintf(ids[pupils++], sizeof *ids, "%.15s", csv_file_cell(csv, 0));
    }
    csv_file_free(csv);
}

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->pupil > y->pupil) - (x->pupil < y->pupil);
}

static size_t block(uint64_t key, size_t *first)
{
    size_t low = 0, high = entries_count, n = 0;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (entries[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    *first = low;
    while (low + n < entries_count && entries[low + n].key == key)
        n++;
    return n;
}

struct tally {
    char name[WORD];
    size_t found, only, looked, read, over, all;
};

static struct tally kinds[KEYS_KINDS], noises[NOISES];
static size_t noises_count, children, on_roll, found_any, first_ones, within[3];
static size_t *candidates;

static struct tally *noise(const char *name, size_t n)
{
    for (size_t i = 0; i < noises_count; i++) {
        if (strlen(noises[i].name) == n && memcmp(noises[i].name, name, n) == 0)
            return &noises[i];
    }
    if (noises_count == NOISES || n >= WORD)
        abort();
    memcpy(noises[noises_count].name, name, n);
    return &noises[noises_count++];
}

static int by_number(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return (x > y) - (x < y);
}

struct hit {
    uint32_t pupil;
    long weight;
};

static int by_pupil(const void *a, const void *b)
{
    uint32_t x = ((const struct hit *)a)->pupil, y = ((const struct hit *)b)->pupil;

    return (x > y) - (x < y);
}

static bool is_true(uint32_t pupil, const char *truth)
{
    return strstr(truth, ids[pupil]) != NULL;
}

static void one(const struct person *p, const char *truth, const char *noise_list, bool show,
                const char *query_id)
{
    static struct hit hits[KEYS_MAX * (KEYS_BLOCK_MAX + 1)];
    struct key keys[KEYS_MAX];
    size_t n = keys_of(p, KEYS_CHILD, keys), count = 0, kept = 0, better = 0;
    bool by_kind[KEYS_KINDS] = {false}, found = false;
    long best = -1;
    size_t kinds_hit = 0;

    for (size_t i = 0; i < n; i++) {
        struct tally *t = &kinds[keys[i].kind];
        size_t first, size = block(keys[i].bits, &first);

        t->looked++;
        if (size > keys_ceiling(keys[i].kind)) {
            t->over++;
            continue;
        }
        t->read += size;
        for (size_t j = first; j < first + size; j++) {
            hits[count++] = (struct hit){entries[j].pupil, keys_worth((int64_t)pupils, size)};
            if (is_true(entries[j].pupil, truth))
                by_kind[keys[i].kind] = true;
        }
    }
    qsort(hits, count, sizeof *hits, by_pupil);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && hits[kept - 1].pupil == hits[i].pupil)
            hits[kept - 1].weight += hits[i].weight;
        else
            hits[kept++] = hits[i];
    }
    candidates[children++] = kept;
    if (!*truth)
        return;
    on_roll++;
    for (size_t i = 0; i < kept; i++) {
        if (is_true(hits[i].pupil, truth) && hits[i].weight > best)
            best = hits[i].weight;
    }
    for (size_t i = 0; i < kept; i++)
        better += hits[i].weight > best && best >= 0;
    for (size_t i = 0; i < KEYS_KINDS; i++)
        kinds_hit += by_kind[i];
    found = kinds_hit > 0;
    found_any += found;
    first_ones += found && better == 0;
    within[0] += found && better < 25;
    within[1] += found && better < 50;
    within[2] += found && better < 100;
    for (size_t i = 0; i < KEYS_KINDS; i++) {
        kinds[i].found += by_kind[i];
        kinds[i].only += by_kind[i] && kinds_hit == 1;
    }
    for (const char *at = noise_list; *at;) {
        size_t length = strcspn(at, ",");
        struct tally *t = noise(at, length);

        t->all++;
        t->found += found;
        at += length + (at[length] != '\0');
    }
    if (!found && show)
        printf("missed %s %s [%s]\n", query_id, truth, noise_list);
}

static void report(void)
{
    size_t sum = 0;

    for (size_t i = 0; i < children; i++)
        sum += candidates[i];
    qsort(candidates, children, sizeof *candidates, by_number);
    printf("%zu pupils, %.1f keys each; %zu call-outs, %zu on roll\n", pupils,
           (double)entries_count / (double)pupils, children, on_roll);
    printf("found %.4f (best by keys alone %.4f, within 25 %.4f, 50 %.4f, 100 %.4f)\n",
           (double)found_any / (double)on_roll, (double)first_ones / (double)on_roll,
           (double)within[0] / (double)on_roll, (double)within[1] / (double)on_roll,
           (double)within[2] / (double)on_roll);
    printf("candidates a call-out: mean %.1f, p50 %zu, p99 %zu, most %zu\n",
           (double)sum / (double)children, candidates[children / 2],
           candidates[children * 99 / 100], candidates[children - 1]);
    printf("%-28s %7s %7s %8s %8s %6s\n", "kind", "found", "only", "keys", "pupils", "over");
    for (size_t i = 0; i < KEYS_KINDS; i++)
        printf("%-28s %7.4f %7zu %8.2f %8.2f %6zu\n", keys_kind_name(i),
               (double)kinds[i].found / (double)on_roll, kinds[i].only,
               (double)kinds[i].looked / (double)children, (double)kinds[i].read / (double)children,
               kinds[i].over);
    for (size_t i = 0; i < noises_count; i++)
        printf("%-20s %6zu %.4f missed %zu\n", noises[i].name, noises[i].all,
               (double)noises[i].found / (double)noises[i].all, noises[i].all - noises[i].found);
}

int main(int argc, char **argv)
{
    static const struct csv_column query[] = {
        {"query_id", true}, {"call_date", true}, {"forename", true}, {"middle_names", true},
        {"surname", true},  {"dob", true},       {"age", true},      {"postcode", true}};
    static const struct csv_column truth[] = {
        {"query_id", true}, {"true_pupil_ids", true}, {"noise", true}};
    struct csv_file *q, *t;
    struct err err;

    bool missed = argc > 1 && strcmp(argv[argc - 1], "--missed") == 0;

    if (argc - missed < 5) {
        fprintf(stderr, "usage: %s NAMES QUERIES TRUTH ROLL... [--missed]\n", argv[0]);
        return 2;
    }
    if (names_load(argv[1], NULL, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    for (int i = 4; i < argc - missed; i++)
        read_roll(argv[i]);
    qsort(entries, entries_count, sizeof *entries, by_key);
    candidates = calloc(1 << 20, sizeof *candidates);
    q = open_csv(argv[2], query, ARRAY_SIZE(query));
    t = open_csv(argv[3], truth, ARRAY_SIZE(truth));
    while (candidates && csv_file_next(q, &err) == 1 && csv_file_next(t, &err) == 1) {
        struct person p;

        person_init(&p);
        p.seen_on = day_parse(csv_file_cell(q, 1));
        person_add_forename(&p, csv_file_cell(q, 2));
        person_set_middle_names(&p, csv_file_cell(q, 3));
        person_add_surname(&p, csv_file_cell(q, 4));
        p.born = day_parse(csv_file_cell(q, 5));
        if (*csv_file_cell(q, 6))
            p.age = (int)strtol(csv_file_cell(q, 6), NULL, 10);
        person_set_postcode(&p, csv_file_cell(q, 7));
        one(&p, csv_file_cell(t, 1), csv_file_cell(t, 2), missed, csv_file_cell(q, 0));
    }
    report();
    csv_file_free(q);
    csv_file_free(t);
    return 0;
}
