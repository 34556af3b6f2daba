/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the host tree's nodes that drivers serve. */
#include <core/log.h>
#include <drv/driver.h>
#include <libs/error.h>
#include <string.h>

static const struct driver *driver_find(enum driver_class class,
					const char *compatible)
{
	const struct driver *const *it;
	const char *const *c;

	registry_for_each(driver, it) {
		if ((*it)->class != class) {
			continue;
		}
		for (c = (*it)->compatible; *c; c++) {
			if (**c == *compatible && strcmp(*c, compatible) == 0) {
				return *it;
			}
		}
	}
	return NULL;
}

/* The node's own compatibles come most specific first, so that order, not
 * the registry's, decides between drivers. */
static const struct driver *driver_for(enum driver_class class, dt_node_t node)
{
	const struct driver *drv = NULL;
	size_t step;
	int len;
	const char *c = dt_prop(node, "compatible", &len);

	for (; c && len > 0 && !drv; c += step, len -= (int)step) {
		step = strnlen(c, (size_t)len) + 1;
		if (step > (size_t)len) {
			break;		/* not terminated */
		}
		drv = driver_find(class, c);
	}
	return drv;
}

/* Two drivers of one class for one compatible are a mistake in our build. */
static void driver_check(enum driver_class class)
{
	const struct driver *const *it;
	const char *const *c;

	registry_for_each(driver, it) {
		for (c = (*it)->compatible; (*it)->class == class && *c; c++) {
			if (driver_find(class, *c) != *it) {
				panic("two drivers for \"%s\": %s and %s", *c,
				      driver_find(class, *c)->name,
				      (*it)->name);
			}
		}
	}
}

static bool driver_probe_node(const struct driver *drv, dt_node_t node)
{
	char path[128];
	int err = drv->probe(node);

	if (err && err != -ERR_NOSUPP) {
		log_warn("%s: %s: %s", drv->name,
			 dt_node_path(node, path, sizeof(path)), err_str(err));
	}
	return err == 0;
}

unsigned int driver_probe(enum driver_class class)
{
	const struct driver *drv;
	unsigned int probed = 0;
	dt_node_t node;

	driver_check(class);
	for (node = dt_next(-1, NULL); node >= 0; node = dt_next(node, NULL)) {
		drv = driver_for(class, node);
		if (drv && dt_available(node)) {
			probed += driver_probe_node(drv, node);
		}
	}
	return probed;
}
