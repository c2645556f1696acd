/* tests/fuzz/fuzz.h - what fuzz targets share. A target is one function over any bytes: libFuzzer
 * drives it (make fuzz), and replay.c over its seeds and changes of them in every make test. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_PATH_SIZE = 128, FUZZ_FILES = 64 };

static char fuzz_folder[] = "/tmp/encompass-fuzz-XXXXXX";
static char fuzz_files[FUZZ_FILES][FUZZ_PATH_SIZE]; /* and folders, as they were made */
static size_t fuzz_files_count;

/* What does not hold is shown as a crash, in a release build too. */
static inline void must(int holds)
{
    if (!holds)
        abort();
}

static inline void fuzz_remove_all(void)
{
    while (fuzz_files_count > 0)
        (void)remove(fuzz_files[--fuzz_files_count]); /* not each was made */
    rmdir(fuzz_folder);
}

/* The path of that name in a folder of this process, which goes with it. */
static inline const char *fuzz_path(const char *name)
{
    char path[FUZZ_PATH_SIZE];

    if (fuzz_files_count == 0) {
        must(mkdtemp(fuzz_folder) != NULL && atexit(fuzz_remove_all) == 0);
    }
    must(snprintf(path, sizeof path, "%s/%s", fuzz_folder, name) < FUZZ_PATH_SIZE);
    for (size_t i = 0; i < fuzz_files_count; i++) {
        if (strcmp(fuzz_files[i], path) == 0)
            return fuzz_files[i];
    }
    must(fuzz_files_count < FUZZ_FILES);
    memcpy(fuzz_files[fuzz_files_count], path, sizeof path);
    return fuzz_files[fuzz_files_count++];
}

static inline const char *fuzz_write(const char *name, const void *data, size_t size)
{
    const char *path = fuzz_path(name);
    FILE *file;

    unlink(path); /* ext4 syncs a file that is cut to nothing and written anew */
    file = fopen(path, "we");
    must(file != NULL);
    must(fwrite(data, 1, size, file) == size && fclose(file) == 0);
    return path;
}

#endif
