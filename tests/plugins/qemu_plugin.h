/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we use of QEMU's TCG plugin interface, written from its documentation
 * ("QEMU TCG Plugins", API): Debian packages no header for it. Of version 1
 * (QEMU 7.2), with the changes since that concern us:
 *   version 2 (9.0)  plugins for version 1 are refused; qemu_plugin_n_vcpus()
 *                    is gone
 *   version 3 (9.1)  qemu_plugin_insn_data() copies
 * and with the registers, which there are since version 2.
 */
#ifndef TESTS_PLUGINS_QEMU_PLUGIN_H
#define TESTS_PLUGINS_QEMU_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;

typedef struct qemu_info_t {
	const char *target_name;
	struct {
		int min;
		int cur;
	} version; /* of this interface, that QEMU offers */
	bool system_emulation;
	union {
		struct {
			int smp_vcpus;
			int max_vcpus;
		} system;
	};
} qemu_info_t;

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_CB_R_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_RW = 3 };

typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(qemu_plugin_id_t id,
					       struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_vcpu_udata_cb_t)(unsigned int cpu, void *data);
typedef void (*qemu_plugin_vcpu_mem_cb_t)(unsigned int cpu,
					  qemu_plugin_meminfo_t info,
					  uint64_t vaddr, void *data);

/* Exported by a plugin. */
extern int qemu_plugin_version;
int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
			char **argv);

/* Exported by QEMU. */
int qemu_plugin_n_vcpus(void) __attribute__((weak)); /* before version 2 */

/*
 * Since version 2: the registers of the CPU that executes, where callbacks that
 * have QEMU_PLUGIN_CB_R_REGS are called, and translations. The arrays are
 * GLib's, which QEMU is linked with; a register's description has become longer
 * since. qemu_plugin_read_register() appends the value to `to`.
 */
struct qemu_plugin_register;
struct qemu_plugin_reg_descriptor {
	struct qemu_plugin_register *handle;
	const char *name;
	const char *feature;
};
struct _GArray {
	char *data;
	unsigned int len;
};
struct _GByteArray {
	uint8_t *data;
	unsigned int len;
};
struct _GArray *qemu_plugin_get_registers(void) __attribute__((weak));
int qemu_plugin_read_register(struct qemu_plugin_register *handle,
			      struct _GByteArray *to) __attribute__((weak));
unsigned int g_array_get_element_size(struct _GArray *array)
	__attribute__((weak));
char *g_array_free(struct _GArray *array, int all) __attribute__((weak));
struct _GByteArray *g_byte_array_new(void) __attribute__((weak));
struct _GByteArray *g_byte_array_set_size(struct _GByteArray *array,
					  unsigned int size)
	__attribute__((weak));

/* Forgets all that the plugin has registered and what was translated so far,
 * soon after it is called, and then calls `cb`. */
typedef void (*qemu_plugin_simple_cb_t)(qemu_plugin_id_t id);
void qemu_plugin_reset(qemu_plugin_id_t id, qemu_plugin_simple_cb_t cb);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   qemu_plugin_vcpu_tb_trans_cb_t cb);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  qemu_plugin_vcpu_udata_cb_t cb,
					  enum qemu_plugin_cb_flags flags,
					  void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    qemu_plugin_vcpu_udata_cb_t cb,
					    enum qemu_plugin_cb_flags flags,
					    void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      qemu_plugin_vcpu_mem_cb_t cb,
				      enum qemu_plugin_cb_flags flags,
				      enum qemu_plugin_mem_rw rw, void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn); /* bytes */
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

/* Where QEMU has it in memory of its own; NULL: not in RAM. */
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);

/*
 * Version 3: copies at most `size` bytes to `to` and returns how many. Before:
 * takes only `insn` and returns where they are, which a pointer's worth of
 * size_t holds.
 */
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to,
			     size_t size);

unsigned int qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t info);
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info,
						  uint64_t vaddr);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *addr);
/* The physical address, of RAM. */
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *addr);

#endif
