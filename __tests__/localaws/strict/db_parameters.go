package strict

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxParameters is how many parameters one request may change,
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBParameterGroup.html.
const maxParameters = 20

// A dbParameter says what DescribeEngineDefaultParameters says of a parameter.
type dbParameter struct {
	static  bool   // it changes at the next reboot only
	fixed   bool   // nobody but RDS sets it
	allowed string // "0,1", "1-100000"; "" for anything
}

// parameters are those of a family with the same properties.
type parameters struct {
	dbParameter
	names string
}

// DBParameters judges the parameters that a request gives a DB parameter group
// of a family, such as "mysql8.4". Of other families it knows nothing.
func DBParameters(family string, call Call) []Fault {
	known := mysqlFamily(family)
	given := call.Structures("Parameters")
	var faults []Fault
	if len(given) > maxParameters {
		faults = append(faults, Faultf(wrongValue, "A maximum of %d parameters can be modified in a single request; this has %d.", maxParameters, len(given)))
	}
	if known == nil {
		return faults
	}
	for _, g := range given {
		name, value, method := text(g["ParameterName"]), text(g["ParameterValue"]), text(g["ApplyMethod"])
		p, ok := known[canonical(name)]
		ok = ok || strings.HasPrefix(canonical(name), "performance_schema_") // some sixty sizes and consumers
		switch {
		case !ok:
			faults = append(faults, Faultf(wrongValue, "Could not find parameter with name: %s", shorten(name)))
			continue
		case p.fixed:
			faults = append(faults, Faultf(wrongValue, "The parameter %s cannot be modified.", name))
			continue
		case p.static && method == "immediate":
			faults = append(faults, Faultf(wrongCombination, "cannot use immediate apply method for static parameter %s", name))
		case method == "":
			faults = append(faults, Faultf(wrongValue, "The parameter ApplyMethod must be provided and must not be blank: %s", name))
		}
		if g["ParameterValue"] != nil && !p.allows(value) {
			faults = append(faults, Faultf(wrongValue, "Invalid parameter value: %s for: %s allowed values are: %s", shorten(value), name, p.allowed))
		}
	}
	return faults
}

// canonical: RDS writes some names with hyphens, as MySQL's options.
func canonical(name string) string { return strings.ReplaceAll(name, "-", "_") }

// formula is a value that RDS computes,
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ParamValuesRef.html.
var formula = regexp.MustCompile(`^\{.*\}$|^(GREATEST|LEAST|SUM)\(|^(greatest|least|sum)\(|^log\(`)

var span = regexp.MustCompile(`^(-?\d+)-(\d+)$`)

func (p dbParameter) allows(value string) bool {
	if p.allowed == "" || formula.MatchString(value) {
		return true
	}
	if m := span.FindStringSubmatch(p.allowed); m != nil {
		n, err := strconv.ParseFloat(value, 64)
		least, _ := strconv.ParseFloat(m[1], 64)
		most, _ := strconv.ParseFloat(m[2], 64)
		return err == nil && n >= least && n <= most
	}
	return slices.Contains(strings.Split(p.allowed, ","), value)
}

// mysqlFamily returns the parameters of RDS for MySQL 8.4, by name; nil for
// another family.
func mysqlFamily(family string) map[string]dbParameter {
	if family != "mysql8.4" {
		return nil
	}
	known := map[string]dbParameter{}
	for _, p := range mysql84 {
		for _, name := range strings.Fields(p.names) {
			known[canonical(name)] = p.dbParameter
		}
	}
	return known
}

// mysql84 are the parameters of the family mysql8.4: the system variables of
// https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html and its
// neighbours, and RDS's own. Static are those that the manual calls not dynamic.
// On an account
//
//	aws rds describe-engine-default-parameters --db-parameter-group-family mysql8.4
//
// says the same, and more of the values; those of which no page speaks are not
// judged here. An instance's booleans are 0 and 1:
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-ssl-connections.require-ssl.html,
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.MySQL.Generallog.html,
// AllowedValues in https://docs.aws.amazon.com/cli/latest/reference/rds/describe-db-parameters.html.
// ON and OFF for require_secure_transport are an Aurora cluster's,
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Security.html.
var mysql84 = []parameters{
	{dbParameter{allowed: "0,1"}, `
		activate_all_roles_on_login autocommit automatic_sp_privileges binlog_order_commits binlog_rows_query_log_events end_markers_in_json
		explicit_defaults_for_timestamp general_log innodb_adaptive_flushing innodb_adaptive_hash_index innodb_buffer_pool_dump_at_shutdown
		innodb_buffer_pool_dump_now innodb_buffer_pool_load_abort innodb_buffer_pool_load_now innodb_cmp_per_index_enabled
		innodb_deadlock_detect innodb_disable_sort_file_cache innodb_file_per_table innodb_ft_enable_stopword innodb_log_checksums
		innodb_log_compressed_pages innodb_optimize_fulltext_only innodb_print_all_deadlocks innodb_random_read_ahead
		innodb_stats_auto_recalc innodb_stats_include_delete_marked innodb_stats_on_metadata innodb_stats_persistent innodb_strict_mode
		innodb_table_locks innodb_undo_log_truncate keep_files_on_create local_infile log_bin_trust_function_creators
		log_queries_not_using_indexes log_slow_admin_statements log_slow_extra log_slow_replica_statements low_priority_updates
		old_alter_table replica_compressed_protocol replica_preserve_commit_order replica_sql_verify_checksum require_secure_transport
		slow_query_log source_verify_checksum sql_require_primary_key`},
	{dbParameter{static: true, allowed: "0,1"}, `
		innodb_buffer_pool_load_at_startup innodb_rollback_on_timeout performance_schema skip_name_resolve skip_show_database
		lower_case_table_names log_replica_updates skip_replica_start`},
	{dbParameter{allowed: "0-2"}, `innodb_flush_log_at_trx_commit`},
	{dbParameter{allowed: "0-31536000"}, `long_query_time`},
	{dbParameter{allowed: "1-100000"}, `max_connections`},
	{dbParameter{allowed: "1-31536000"}, `wait_timeout interactive_timeout lock_wait_timeout net_read_timeout net_write_timeout`},
	{dbParameter{allowed: "2-31536000"}, `connect_timeout`},
	{dbParameter{allowed: "1-1073741824"}, `innodb_lock_wait_timeout`},
	{dbParameter{allowed: "1024-1073741824"}, `max_allowed_packet`},
	{dbParameter{allowed: "0-4294967295"}, `binlog_expire_logs_seconds sync_binlog sync_relay_log log_throttle_queries_not_using_indexes`},
	{dbParameter{allowed: "TABLE,FILE,NONE"}, `log_output`},
	{dbParameter{allowed: "ROW,STATEMENT,MIXED"}, `binlog_format`},
	{dbParameter{allowed: "full,minimal,noblob"}, `binlog_row_image`},
	{dbParameter{allowed: "ON,OFF"}, `event_scheduler`},
	{dbParameter{allowed: "OFF,OFF_PERMISSIVE,ON_PERMISSIVE,ON"}, `gtid-mode`},
	{dbParameter{allowed: "OFF,WARN,ON"}, `enforce_gtid_consistency`},
	{dbParameter{allowed: "READ-UNCOMMITTED,READ-COMMITTED,REPEATABLE-READ,SERIALIZABLE"}, `transaction_isolation`},
	{dbParameter{allowed: "none,inserts,deletes,changes,purges,all"}, `innodb_change_buffering`},
	{dbParameter{fixed: true}, `
		basedir datadir general_log_file innodb_data_home_dir innodb_log_group_home_dir log_bin log_error pid_file plugin_dir port
		secure_file_priv server_id slow_query_log_file socket tmpdir replica_load_tmpdir`},
	{dbParameter{static: true}, `
		back_log caching_sha2_password_auto_generate_rsa_keys disabled_storage_engines
		ft_max_word_len ft_min_word_len ft_query_expansion_limit ft_stopword_file innodb_autoinc_lock_mode innodb_buffer_pool_chunk_size
		innodb_buffer_pool_instances innodb_data_file_path innodb_dedicated_server innodb_doublewrite_batch_size
		innodb_doublewrite_files innodb_doublewrite_pages innodb_flush_method innodb_force_recovery innodb_ft_cache_size
		innodb_ft_max_token_size innodb_ft_min_token_size innodb_ft_sort_pll_degree innodb_ft_total_cache_size innodb_log_files_in_group
		innodb_log_file_size innodb_page_cleaners innodb_page_size innodb_purge_threads innodb_read_io_threads
		innodb_sort_buffer_size innodb_sync_array_size innodb_temp_tablespaces_dir innodb_use_native_aio innodb_write_io_threads
		mysqlx_port mysqlx_socket open_files_limit relay_log_recovery relay_log_space_limit replica_skip_errors rds.optimized_writes
		table_open_cache_instances thread_stack`},
	{dbParameter{}, `
		completion_type default_storage_engine innodb_doublewrite innodb_open_files ssl_ca ssl_cert ssl_cipher ssl_key tls_ciphersuites tls_version
		auto_increment_increment auto_increment_offset authentication_policy binlog_cache_size binlog_checksum binlog_error_action
		binlog_group_commit_sync_delay binlog_group_commit_sync_no_delay_count binlog_max_flush_queue_time binlog_row_event_max_size
		binlog_row_metadata binlog_row_value_options binlog_stmt_cache_size binlog_transaction_compression
		binlog_transaction_compression_level_zstd binlog_transaction_dependency_history_size block_encryption_mode bulk_insert_buffer_size
		character-set-client-handshake character_set_client character_set_connection character_set_database character_set_filesystem
		character_set_results character_set_server collation_connection collation_server concurrent_insert connection_memory_chunk_size
		connection_memory_limit cte_max_recursion_depth default_collation_for_utf8mb4 default_password_lifetime default_table_encryption
		default_tmp_storage_engine default_week_format delay_key_write delayed_insert_limit div_precision_increment eq_range_index_dive_limit
		explain_format flush flush_time generated_random_password_length global_connection_memory_limit
		global_connection_memory_tracking group_concat_max_len group_replication_consistency histogram_generation_max_mem_size
		host_cache_size information_schema_stats_expiry init_connect innodb_adaptive_flushing_lwm innodb_adaptive_hash_index_parts
		innodb_adaptive_max_sleep_delay innodb_autoextend_increment innodb_buffer_pool_dump_pct innodb_buffer_pool_size
		innodb_change_buffer_max_size innodb_checksum_algorithm innodb_commit_concurrency innodb_compression_failure_threshold_pct
		innodb_compression_level innodb_compression_pad_pct_max innodb_concurrency_tickets innodb_ddl_buffer_size innodb_ddl_threads
		innodb_default_row_format innodb_extend_and_initialize innodb_fast_shutdown innodb_fill_factor innodb_flush_log_at_timeout
		innodb_flush_neighbors innodb_flush_sync innodb_flushing_avg_loops innodb_fsync_threshold innodb_ft_aux_table
		innodb_ft_num_word_optimize innodb_ft_result_cache_limit innodb_ft_server_stopword_table innodb_ft_user_stopword_table
		innodb_idle_flush_pct innodb_io_capacity innodb_io_capacity_max innodb_log_buffer_size innodb_log_spin_cpu_abs_lwm
		innodb_log_spin_cpu_pct_hwm innodb_log_wait_for_flush_spin_hwm innodb_log_write_ahead_size innodb_log_writer_threads
		innodb_lru_scan_depth innodb_max_dirty_pages_pct innodb_max_dirty_pages_pct_lwm innodb_max_purge_lag innodb_max_purge_lag_delay
		innodb_max_undo_log_size innodb_monitor_disable innodb_monitor_enable innodb_monitor_reset innodb_monitor_reset_all
		innodb_old_blocks_pct innodb_old_blocks_time innodb_online_alter_log_max_size innodb_parallel_read_threads
		innodb_print_ddl_logs innodb_purge_batch_size innodb_purge_rseg_truncate_frequency innodb_read_ahead_threshold
		innodb_redo_log_capacity innodb_replication_delay innodb_rollback_segments innodb_segment_reserve_factor
		innodb_spin_wait_delay innodb_spin_wait_pause_multiplier innodb_stats_method innodb_stats_persistent_sample_pages
		innodb_stats_transient_sample_pages innodb_status_output innodb_status_output_locks innodb_sync_spin_loops
		innodb_thread_concurrency innodb_thread_sleep_delay innodb_tmpdir innodb_use_fdatasync internal_tmp_mem_storage_engine
		join_buffer_size key_buffer_size key_cache_age_threshold key_cache_block_size key_cache_division_limit lc_time_names
		log_error_suppression_list log_error_verbosity log_raw log_slow_verbosity log_timestamps mandatory_roles max_binlog_cache_size
		max_binlog_size max_binlog_stmt_cache_size max_connect_errors max_delayed_threads max_digest_length max_error_count
		max_execution_time max_heap_table_size max_join_size max_length_for_sort_data max_points_in_geometry max_prepared_stmt_count
		max_relay_log_size max_seeks_for_key max_sort_length max_sp_recursion_depth max_user_connections max_write_lock_count
		min_examined_row_limit myisam_data_pointer_size myisam_max_sort_file_size myisam_mmap_size myisam_sort_buffer_size
		myisam_stats_method myisam_use_mmap mysql_native_password net_buffer_length net_retry_count ngram_token_size offline_mode
		optimizer_max_subgraph_pairs optimizer_prune_level optimizer_search_depth optimizer_switch optimizer_trace
		optimizer_trace_features optimizer_trace_limit optimizer_trace_max_mem_size optimizer_trace_offset parser_max_mem_size
		partial_revokes password_history password_require_current password_reuse_interval performance_schema_show_processlist
		preload_buffer_size print_identified_with_as_hex range_alloc_block_size range_optimizer_max_mem_size read_buffer_size read_only
		read_rnd_buffer_size regexp_stack_limit regexp_time_limit relay_log_purge replica_checkpoint_group replica_checkpoint_period
		replica_exec_mode replica_max_allowed_packet replica_net_timeout replica_parallel_type replica_parallel_workers
		replica_pending_jobs_size_max replica_transaction_retries replica_type_conversions replication_optimize_for_static_plugin_config
		replication_sender_observe_commit_only restrict_fk_on_non_standard_key rpl_stop_replica_timeout schema_definition_cache
		secondary_engine_cost_threshold select_into_buffer_size select_into_disk_sync select_into_disk_sync_delay session_track_gtids
		session_track_schema session_track_state_change session_track_system_variables session_track_transaction_info
		set_operations_buffer_size show_create_table_verbosity show_gipk_in_create_table_and_information_schema slow_launch_time
		sort_buffer_size sql_generate_invisible_primary_key sql_mode sql_select_limit stored_program_cache
		stored_program_definition_cache super_read_only sync_source_info sysdate-is-now system_time_zone table_definition_cache
		table_encryption_privilege_check table_open_cache tablespace_definition_cache temptable_max_mmap temptable_max_ram
		temptable_use_mmap thread_cache_size time_zone timed_mutexes tmp_table_size transaction_alloc_block_size
		transaction_prealloc_size unique_checks updatable_views_with_limit windowing_use_high_precision xa_detach_on_prepare
		rds.binlog_replication_filters replicate-do-db replicate-do-table replicate-ignore-db replicate-ignore-table
		replicate-wild-do-table replicate-wild-ignore-table binlog-do-db binlog-ignore-db
		validate_password.check_user_name validate_password.dictionary_file validate_password.length
		validate_password.mixed_case_count validate_password.number_count validate_password.policy
		validate_password.special_char_count validate_password.changed_characters_percentage
		clone_block_ddl clone_buffer_size clone_ddl_timeout clone_max_concurrency`},
}
