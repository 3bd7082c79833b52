#include "conform_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Thousands of links are made: in memory where there is such a place. */
void conform_tree_create(char *root)
{
    const char *base = getenv("TMPDIR");
    int n;

    if (!base || !*base)
        base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    n = snprintf(root, CONFORM_PATH_MAX, "%s/conform-XXXXXX", base);
    assert_in_range(n, 1, CONFORM_PATH_MAX - 1);
    assert_non_null(mkdtemp(root));
}

static int remove_entry(const char *path, const struct stat *s, int kind, struct FTW *where)
{
    (void)s;
    (void)kind;
    (void)where;
    return remove(path);
}

void conform_tree_remove(const char *root)
{
    assert_int_equal(nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *conform_tree_path(const char *root, const char *path, char *out)
{
    assert_in_range(snprintf(out, CONFORM_PATH_MAX, "%s/%s", root, path), 1, CONFORM_PATH_MAX - 1);
    return out;
}

/* Makes the directories that the slashes of path end. */
static void make_parents(char *path, size_t from)
{
    for (char *at = path + from; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
        *at = '/';
    }
}

void conform_tree_dir(const char *root, const char *path)
{
    char full[CONFORM_PATH_MAX];

    conform_tree_path(root, path, full);
    make_parents(full, strlen(root) + 1);
    assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
}

void conform_tree_file(const char *root, const char *path, const void *bytes, size_t len)
{
    char full[CONFORM_PATH_MAX];
    FILE *file;

    conform_tree_path(root, path, full);
    make_parents(full, strlen(root) + 1);
    file = fopen(full, "we");
    assert_non_null(file);
    if (len)
        assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

void conform_tree_link(const char *root, const char *path, const char *target)
{
    char full[CONFORM_PATH_MAX];

    conform_tree_path(root, path, full);
    make_parents(full, strlen(root) + 1);
    assert_int_equal(symlink(target, full), 0);
}

size_t conform_tree_count(const char *root, const char *path, const char *prefix)
{
    char full[CONFORM_PATH_MAX];
    const struct dirent *entry;
    size_t n = 0;
    DIR *dir = opendir(conform_tree_path(root, path, full));

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
             strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    assert_int_equal(closedir(dir), 0);
    return n;
}
