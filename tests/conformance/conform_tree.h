/* Directories for tests: a fresh one, files in it, its removal. Failures end the test (CMocka). */
#ifndef RG_TESTS_CONFORM_TREE_H
#define RG_TESTS_CONFORM_TREE_H

#include <stddef.h>
#include <sys/types.h>

#define CONFORM_PATH_MAX 512

/* Makes an empty directory and writes its path into root (CONFORM_PATH_MAX bytes). */
void conform_tree_create(char *root);
void conform_tree_remove(const char *root); /* with all that is in it */

/* root/path into out (CONFORM_PATH_MAX bytes). Returns out. */
const char *conform_tree_path(const char *root, const char *path, char *out);

/* Makes root/path; directories on the way are made too. */
void conform_tree_dir(const char *root, const char *path);
void conform_tree_file(const char *root, const char *path, const void *bytes, size_t len);
void conform_tree_link(const char *root, const char *path, const char *target);

/* Number of entries of root/path whose name starts with prefix ("" = all). */
size_t conform_tree_count(const char *root, const char *path, const char *prefix);

#endif
