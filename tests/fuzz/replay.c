/* tests/fuzz/replay.c - a fuzz target without a fuzzer, for every make test: its seeds and what once
 * broke it (tests/fuzz/seeds, tests/cases), then some thousand changes of them, always the same. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/attr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    INPUTS_MAX = 512,
    INPUT_BYTES_MAX = 64 * 1024,
    WORDS_MAX = 256,
    CHANGES_MAX = 4,
    RUNS = 3000,
    SECONDS = 2, /* of changes; a slow machine makes fewer of the same ones */
};

struct bytes {
    uint8_t *at;
    size_t size;
};

static struct bytes inputs[INPUTS_MAX], words[WORDS_MAX];
static size_t inputs_count, words_count;
static uint64_t state;

/* splitmix64 (Vigna) */
static uint64_t chance(uint64_t below)
{
    uint64_t z = state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % below;
}

static int take_input(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    FILE *file;
    struct bytes *b = &inputs[inputs_count];

    (void)ftw;
    if (type != FTW_F || st->st_size > INPUT_BYTES_MAX || inputs_count == INPUTS_MAX)
        return 0;
    file = fopen(path, "re");
    assert_non_null(file);
    b->at = malloc((size_t)st->st_size + 1);
    assert_non_null(b->at);
    b->size = fread(b->at, 1, (size_t)st->st_size, file);
    fclose(file);
    inputs_count++;
    return 0;
}

/* The order of a folder is its own; that of what is in it is not. */
static int by_content(const void *a, const void *b)
{
    const struct bytes *x = a, *y = b;
    int order = memcmp(x->at, y->at, x->size < y->size ? x->size : y->size);

    return order ? order : (x->size > y->size) - (x->size < y->size);
}

static int hex(char c)
{
    return c >= 'a' ? c - 'a' + 10 : c >= 'A' ? c - 'A' + 10 : c - '0';
}

/* name="…" or "…" with \\, \" and \xNN, as libFuzzer reads them. */
static void take_word(const char *line)
{
    const char *p = strchr(line, '"'), *end = strrchr(line, '"');
    struct bytes *b = &words[words_count];

    if (line[0] == '#' || !p || p == end || words_count == WORDS_MAX)
        return;
    b->at = malloc(strlen(p));
    assert_non_null(b->at);
    for (p++; p < end; p++) {
        if (p[0] == '\\' && p[1] == 'x') {
            b->at[b->size++] = (uint8_t)(hex(p[2]) * 16 + hex(p[3]));
            p += 3;
        } else {
            p += p[0] == '\\';
            b->at[b->size++] = (uint8_t)*p;
        }
    }
    words_count++;
}

static void take_words(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[1024];

    while (file && fgets(line, sizeof line, file))
        take_word(line);
    if (file)
        fclose(file);
}

/* Puts the word over, or between, what is there. */
static void put(struct bytes *b, const struct bytes *word, bool over)
{
    size_t at = chance(b->size + 1), size = word->size;

    if (b->size + size > INPUT_BYTES_MAX)
        return;
    if (over && at + size <= b->size) {
        memcpy(b->at + at, word->at, size);
        return;
    }
    memmove(b->at + at + size, b->at + at, b->size - at);
    memcpy(b->at + at, word->at, size);
    b->size += size;
}

static void take_out(struct bytes *b)
{
    size_t at = chance(b->size), n = 1 + chance(b->size - at);

    if (chance(4) > 0)
        n = n < 8 ? n : 8;
    memmove(b->at + at, b->at + at + n, b->size - at - n);
    b->size -= n;
}

static void change(struct bytes *b)
{
    const struct bytes *other = &inputs[chance(inputs_count)];
    struct bytes piece;

    switch (chance(6)) {
    case 0:
        if (b->size > 0)
            b->at[chance(b->size)] ^= (uint8_t)(1U << chance(8));
        break;
    case 1:
        if (b->size > 0)
            b->at[chance(b->size)] = (uint8_t)chance(256);
        break;
    case 2:
        if (b->size > 0)
            take_out(b);
        break;
    case 3:
    case 4:
        if (words_count > 0)
            put(b, &words[chance(words_count)], chance(2));
        break;
    default:
        if (other->size == 0)
            break;
        piece.at = other->at + chance(other->size);
        piece.size = 1 + chance(other->size - (size_t)(piece.at - other->at));
        put(b, &piece, false);
    }
}

/* From memory that ends where the input does: a reader that goes beyond is seen. */
static void run(const struct bytes *b)
{
    uint8_t *exact = malloc(b->size ? b->size : 1);

    assert_non_null(exact);
    memcpy(exact, b->at, b->size);
    assert_int_equal(LLVMFuzzerTestOneInput(exact, b->size), 0);
    free(exact);
}

static void its_seeds_hold(void **unused)
{
    uint8_t none = 0;
    const struct bytes nothing = {&none, 0};

    (void)unused;
    assert_true(inputs_count > 0);
    run(&nothing);
    for (size_t i = 0; i < inputs_count; i++)
        run(&inputs[i]);
}

static void changes_of_its_seeds_hold(void **unused)
{
    static uint8_t room[INPUT_BYTES_MAX];
    time_t until = time(NULL) + SECONDS;
    size_t runs = 0;

    (void)unused;
    for (; runs < RUNS && time(NULL) < until; runs++) {
        const struct bytes *from = &inputs[chance(inputs_count)];
        struct bytes b = {room, from->size};

        memcpy(room, from->at, b.size);
        for (uint64_t n = 1 + chance(CHANGES_MAX); n > 0; n--)
            change(&b);
        run(&b);
    }
    printf("%zu changes of %zu seeds, %zu words\n", runs, inputs_count, words_count);
}

static int let_go(void **unused)
{
    (void)unused;
    while (inputs_count > 0)
        free(inputs[--inputs_count].at);
    while (words_count > 0)
        free(words[--words_count].at);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_seeds_hold),
        cmocka_unit_test(changes_of_its_seeds_hold),
    };
    static const char *const folders[] = {TESTS_DIR "/fuzz/seeds/" FUZZ_NAME,
                                          TESTS_DIR "/cases/" FUZZ_NAME, MADE_SEEDS};

    for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
        (void)nftw(folders[i], take_input, 8, FTW_PHYS);
    qsort(inputs, inputs_count, sizeof *inputs, by_content);
    take_words(TESTS_DIR "/fuzz/" FUZZ_NAME ".dict");
    return cmocka_run_group_tests_name("fuzz " FUZZ_NAME, tests, NULL, let_go);
}
