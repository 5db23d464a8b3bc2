---@meta scaleapi
-- luacheck: ignore
-- What an editor with LuaLS knows of the module. Made from the operation table by
-- `scalua bindings/generate.lua types`; do not edit. Nothing loads it.

---@alias scaleapi.time string ISO 8601, UTC

---@class scaleapi.CallOptions Of one call, beside its parameters.
---@field timeout? number Seconds for one attempt
---@field connect_timeout? number Seconds to connect
---@field deadline? number Seconds for the call with its retries and pauses
---@field max_attempts? integer How often it is sent at most
---@field accept_existing? boolean create_task: a task that has the unique_id already and is equal counts as made
---@field digest_id? boolean create_task: the unique_id is a digest of all that is sent
---@field idempotency_key? string Creating a task: sent as Idempotency-Key, which makes it safe to send it again
---@field check_in_full? boolean Of a list that comes page by page: no document of an answer may be malformed
---@field bulk? boolean One of many: goes when the pace allows, up to 8 times, and waits where another call fails

---@class scaleapi.ClientOptions What a client is made with.
---@field api_key? string Default: SCALE_API_KEY, or what is in the file SCALE_API_KEY_FILE
---@field base_url? string What stands before /v1 and /v2; default: SCALE_API_URL, or https://api.scale.com
---@field user_agent? string Put behind ours
---@field ca_file? string Certificates to trust, PEM
---@field cert_file? string Client certificate, PEM
---@field key_file? string Its key, PEM
---@field proxy? string URL
---@field timeout? number Seconds for one attempt, 60
---@field upload_timeout? number Seconds without progress of an upload, 30
---@field connect_timeout? number Seconds to connect, 10
---@field deadline? number Seconds for a call with its retries and pauses, 300
---@field verify? boolean Check the server's certificate, true
---@field max_in_flight? integer Requests at once, 50
---@field max_attempts? integer Sendings of one request, 4
---@field give_up_after? number Seconds without any success until bulk calls end, 600
---@field max_answer? integer Bytes of an answer
---@field allow_http? boolean Send the key over plain http to another host than this one
---@field http? "1.1"|"2" Over https: "1.1" (the default), or "2" where the server has it

---@class scaleapi.Stats What client:stats() counts.
---@field requests integer
---@field retries integer
---@field lookups integer
---@field connections integer
---@field bytes_sent integer
---@field bytes_received integer
---@field in_flight integer
---@field most_in_flight integer
---@field queued integer

---@class scaleapi.Pace How fast bulk calls go
---@field limit integer Requests that may be in flight
---@field in_flight integer Requests that are
---@field rate? number Requests a second that they are held to
---@field state "closed"|"open"|"probing"|"given_up" Anything but closed: the server seems to be away
---@field budget integer Retries in store

---@class scaleapi.Change One change of the pace
---@field time number Seconds, on the clock that now() gives
---@field what string "in flight 16 -> 32"
---@field why string

---@class scaleapi.Error What a failed call raises, or returns by client.safe.
---@field kind string What went wrong, as "not_found" or "timeout"
---@field message string The server's own words, where it spoke
---@field operation? string
---@field code? integer The HTTP status; nil when the server did not speak
---@field attempts integer How often it was sent
---@field retriable? boolean Another try later may succeed
---@field unclear? boolean The server may have done what was asked
---@field retry_after? number Seconds
---@field where? string The line that called

---@class scaleapi.Object What an answer becomes; its fields are the server's.
local Object = {}

---All of it as a plain table; null is scaleapi.null.
---@return table
function Object:as_table() end

---The server's own bytes.
---@return string
function Object:json() end

---@class scaleapi.Job What spawn returns.
local Job = {}

---Waits for its end. Returns what its function returned, raises what it raised.
---@return any ...
function Job:wait() end

---Whether it has ended.
---@return boolean
function Job:is_done() end

---Ends it: the wait that it is in raises an error of kind canceled.
function Job:cancel() end

---@alias scaleapi.enum.TaskType "annotation"|"categorization"|"comparison"|"cuboidannotation"|"datacollection"|"documentmodel"|"documenttranscription"|"imageannotation"|"laneannotation"|"lidarannotation"|"lidarlinking"|"lidarsegmentation"|"lidartopdown"|"lineannotation"|"namedentityrecognition"|"pointannotation"|"polygonannotation"|"segmentannotation"|"transcription"|"textcollection"|"videoannotation"|"videoboxannotation"|"videoplaybackannotation"|"videocuboidannotation"|"sensorfusion"|"chat"|"chatexperimental"|"chatlite"|"multichat"|"multistage"|"federal2dvideoannotation"

---@class scaleapi.names.TaskType
---@field Annotation "annotation"
---@field Categorization "categorization"
---@field Comparison "comparison"
---@field CuboidAnnotation "cuboidannotation"
---@field DataCollection "datacollection"
---@field DocumentModel "documentmodel"
---@field DocumentTranscription "documenttranscription"
---@field ImageAnnotation "imageannotation"
---@field LaneAnnotation "laneannotation"
---@field LidarAnnotation "lidarannotation"
---@field LidarLinking "lidarlinking"
---@field LidarSegmentation "lidarsegmentation"
---@field LidarTopdown "lidartopdown"
---@field LineAnnotation "lineannotation"
---@field NamedEntityRecognition "namedentityrecognition"
---@field PointAnnotation "pointannotation"
---@field PolygonAnnotation "polygonannotation"
---@field SegmentAnnotation "segmentannotation"
---@field Transcription "transcription"
---@field TextCollection "textcollection"
---@field VideoAnnotation "videoannotation"
---@field VideoBoxAnnotation "videoboxannotation"
---@field VideoPlaybackAnnotation "videoplaybackannotation"
---@field VideoCuboidAnnotation "videocuboidannotation"
---@field SensorFusion "sensorfusion"
---@field Chat "chat"
---@field ChatExperimental "chatexperimental"
---@field ChatLite "chatlite"
---@field MultiChat "multichat"
---@field MultiStage "multistage"
---@field Federal2DVideoAnnotation "federal2dvideoannotation"

---@alias scaleapi.enum.TaskStatus "pending"|"completed"|"canceled"|"error"

---@class scaleapi.names.TaskStatus
---@field Pending "pending"
---@field Completed "completed"
---@field Canceled "canceled"
---@field Error "error"

---@alias scaleapi.enum.TaskReviewStatus "accepted"|"fixed"|"commented"|"rejected"|"pending"

---@class scaleapi.names.TaskReviewStatus
---@field Accepted "accepted"
---@field Fixed "fixed"
---@field Commented "commented"
---@field Rejected "rejected"
---@field Pending "pending"

---@alias scaleapi.enum.BatchStatus "staging"|"in_progress"|"completed"

---@class scaleapi.names.BatchStatus
---@field Staging "staging"
---@field InProgress "in_progress"
---@field Completed "completed"

---@alias scaleapi.enum.QualityTaskType "documenttranscription"|"segmentannotation"|"videoplaybackannotation"|"imageannotation"|"textcollection"|"namedentityrecognition"

---@class scaleapi.names.QualityTaskType
---@field DocumentTranscription "documenttranscription"
---@field SegmentAnnotation "segmentannotation"
---@field VideoPlaybackAnnotation "videoplaybackannotation"
---@field ImageAnnotation "imageannotation"
---@field TextCollection "textcollection"
---@field NamedEntityRecognition "namedentityrecognition"

---@alias scaleapi.enum.TeammateRole "labeler"|"member"|"manager"|"admin"

---@class scaleapi.names.TeammateRole
---@field Labeler "labeler"
---@field Member "member"
---@field Manager "manager"
---@field Admin "admin"

---@alias scaleapi.enum.TaskExpandable "project"|"batch"

---@class scaleapi.names.TaskExpandable
---@field Project "project"
---@field Batch "batch"

---@alias scaleapi.enum.Option "annotation_details"|"attachment_details"|"model_parameters"|"submissions"

---@class scaleapi.names.Option
---@field AnnotationDetails "annotation_details"
---@field AttachmentDetails "attachment_details"
---@field ModelParameters "model_parameters"
---@field Submissions "submissions"

---@alias scaleapi.enum.TaskStatusV2 "pending"|"completed"|"canceled"|"error"|"deleted"

---@class scaleapi.names.TaskStatusV2
---@field Pending "pending"
---@field Completed "completed"
---@field Canceled "canceled"
---@field Error "error"
---@field Deleted "deleted"

---@alias scaleapi.enum.BatchExpandable "project"

---@class scaleapi.names.BatchExpandable
---@field Project "project"

---@alias scaleapi.enum.BatchStatusV2 "staging"|"in_progress"|"completed"|"paused"|"cancelled"

---@class scaleapi.names.BatchStatusV2
---@field Staging "staging"
---@field InProgress "in_progress"
---@field Completed "completed"
---@field Paused "paused"
---@field Cancelled "cancelled"

---@alias scaleapi.enum.DeliveryExpandable "project"|"batch"|"delivery"

---@class scaleapi.names.DeliveryExpandable
---@field Project "project"
---@field Batch "batch"
---@field Delivery "delivery"

---@alias scaleapi.enum.DatasetDeliveryExpandable "dataset"

---@class scaleapi.names.DatasetDeliveryExpandable
---@field Dataset "dataset"

---@alias scaleapi.enum.DatasetTaskExpandable "dataset"|"delivery"

---@class scaleapi.names.DatasetTaskExpandable
---@field Dataset "dataset"
---@field Delivery "delivery"

---@alias scaleapi.OperationName "create_task"|"get_task"|"cancel_task"|"audit_task"|"update_task_unique_id"|"clear_task_unique_id"|"set_task_metadata"|"set_task_tags"|"add_task_tags"|"delete_task_tags"|"get_tasks"|"tasks"|"resend_callback"|"get_task_response_url"|"create_batch"|"get_batch"|"get_batches"|"batches"|"batch_status"|"finalize_batch"|"set_batch_metadata"|"prioritize_batch"|"create_project"|"get_project"|"get_projects"|"projects"|"update_project"|"set_project_ontology"|"get_project_template"|"upload_file"|"import_file"|"list_assets"|"create_evaluation_task"|"create_training_task"|"list_quality_labelers"|"create_fixless_audit"|"get_fixless_audits"|"list_teammates"|"invite_teammates"|"update_teammates_role"|"list_studio_assignments"|"add_studio_assignments"|"remove_studio_assignments"|"list_project_groups"|"create_project_group"|"update_project_group"|"list_studio_batches"|"assign_studio_batches"|"set_studio_batches_priorities"|"reset_studio_batches_priorities"|"v2.get_task"|"v2.get_tasks"|"v2_get_tasks"|"v2.create_chat_task"|"v2.set_task_metadata"|"v2.get_batch"|"v2.get_batches"|"v2.create_batch"|"v2.finalize_batch"|"v2.pause_batch"|"v2.resume_batch"|"v2.cancel_batch"|"v2.set_batch_metadata"|"v2.get_project"|"v2.get_projects"|"v2.get_annotation"|"v2.get_deliveries"|"v2.get_delivery"|"v2.get_delivery_tasks"|"v2.get_schema"|"v2.get_datasets"|"v2.get_dataset_deliveries"|"v2.get_dataset_delivery"|"v2.get_dataset_tasks"|"v2.get_dataset_task"|"v2.get_dataset_task_response_url"|"get_openapi"|"v2.get_openapi"

---@class scaleapi.create_task.Options
---@field project? string Name of the project; not needed when batch is given
---@field batch? string Name of the batch; Rapid projects need one
---@field instruction? string Markdown; the project's instruction is put behind it
---@field callback_url? string URL or e-mail address that is told of completion, error and audit
---@field metadata? table Data of your own, 10 KB at most
---@field priority? integer 10, 20 or 30; higher goes first
---@field unique_id? string Your own id, taken only once in the account; makes it safe to send the task again
---@field clear_unique_id_on_error? boolean Free the unique_id when the task ends in error
---@field tags? string[] Up to 5 tags
---@field project_param_version? integer Inherit from that version of the project's params, -1: from none
---@field [string] any Any other field of the body

---@class scaleapi.create_task.Arguments: scaleapi.create_task.Options
---@field task_type scaleapi.enum.TaskType Type of the task, such as imageannotation

---@class scaleapi.get_task.Arguments: scaleapi.CallOptions
---@field task_id string Id of the task: 24 hexadecimal digits

---@class scaleapi.cancel_task.Options: scaleapi.CallOptions
---@field clear_unique_id? boolean Free the task's unique_id as well

---@class scaleapi.cancel_task.Arguments: scaleapi.cancel_task.Options
---@field task_id string Id of the task: 24 hexadecimal digits

---@class scaleapi.audit_task.Options: scaleapi.CallOptions
---@field accepted boolean true accepts, false rejects
---@field comments? string Why

---@class scaleapi.audit_task.Arguments: scaleapi.audit_task.Options
---@field task_id string Id of the task: 24 hexadecimal digits

---@class scaleapi.update_task_unique_id.Options: scaleapi.CallOptions
---@field unique_id string The new unique_id

---@class scaleapi.update_task_unique_id.Arguments: scaleapi.update_task_unique_id.Options
---@field task_id string Id of the task: 24 hexadecimal digits

---@class scaleapi.clear_task_unique_id.Arguments: scaleapi.CallOptions
---@field task_id string Id of the task: 24 hexadecimal digits

---@class scaleapi.set_task_metadata.Options: scaleapi.CallOptions
---@field metadata table All of the metadata, 10 KB at most

---@class scaleapi.set_task_metadata.Arguments: scaleapi.set_task_metadata.Options
---@field task_id string Id of the task: 24 hexadecimal digits

---@class scaleapi.set_task_tags.Options: scaleapi.CallOptions
---@field tags string[] The tags, up to 5

---@class scaleapi.set_task_tags.Arguments: scaleapi.set_task_tags.Options
---@field task_id string Id of the task: 24 hexadecimal digits

---@class scaleapi.add_task_tags.Options: scaleapi.CallOptions
---@field tags string[] Tags to add; those that are there already are passed over

---@class scaleapi.add_task_tags.Arguments: scaleapi.add_task_tags.Options
---@field task_id string Id of the task: 24 hexadecimal digits

---@class scaleapi.delete_task_tags.Options: scaleapi.CallOptions
---@field tags string[] Tags to remove; those that are not there are passed over

---@class scaleapi.delete_task_tags.Arguments: scaleapi.delete_task_tags.Options
---@field task_id string Id of the task: 24 hexadecimal digits

---@class scaleapi.get_tasks.Options: scaleapi.CallOptions
---@field project_name? string Only tasks of this project
---@field batch_name? string Only tasks of this batch
---@field task_type? scaleapi.enum.TaskType Only tasks of this type
---@field status? scaleapi.enum.TaskStatus Only tasks in this status
---@field review_status? scaleapi.enum.TaskReviewStatus|scaleapi.enum.TaskReviewStatus[] Only tasks with one of these review statuses
---@field unique_id? string|string[] Only tasks with one of these unique_ids
---@field tags? string|string[] Only tasks with these tags
---@field created_after? string|number Only those with created_at at or after this time
---@field created_before? string|number Only those with created_at at or before this time
---@field completed_after? string|number Only those with completed_at at or after this time
---@field completed_before? string|number Only those with completed_at at or before this time
---@field updated_after? string|number Only those with updated_at at or after this time
---@field updated_before? string|number Only those with updated_at at or before this time
---@field include_attachment_url? boolean Add a signed attachment URL to each task
---@field limited_response? boolean Only task_id, status, metadata and project of each task
---@field limit? integer Size of a page, 1 to 100; 100 if not given
---@field next_token? string What the page before gave as next_token
---@field offset? integer How many to pass over (the old Ruby client's way)

---@class scaleapi.get_tasks.ListOptions: scaleapi.get_tasks.Options
---@field slices? integer Read so many parts of the list, by created_at, at once: 1 to 100
---@field ordered? boolean Slices in the list's own order, newest first

---@class scaleapi.resend_callback.Arguments: scaleapi.CallOptions
---@field task_id string Id of the task: 24 hexadecimal digits

---@class scaleapi.get_task_response_url.Arguments: scaleapi.CallOptions
---@field task_id string Id of the task: 24 hexadecimal digits
---@field uuid string From the response_url in the task

---@class scaleapi.create_batch.Options: scaleapi.CallOptions
---@field project string Name of the project
---@field batch_name string Name of the batch, unique in the account
---@field callback? string URL or e-mail address that is told when the batch is completed
---@field calibration_batch? boolean Rapid only: a calibration batch
---@field self_label_batch? boolean Rapid only: labeled by your own team
---@field metadata? table Data of your own

---@class scaleapi.get_batch.Arguments: scaleapi.CallOptions
---@field batch_name string Name of the batch

---@class scaleapi.get_batches.Options: scaleapi.CallOptions
---@field project_name? string Only batches of this project
---@field batch_status? scaleapi.enum.BatchStatus Only batches in this status
---@field created_after? string|number Only those with created_at at or after this time
---@field created_before? string|number Only those with created_at at or before this time
---@field exclude_archived? boolean Leave archived batches out
---@field completed_after? string|number Only those with completed_at at or after this time
---@field completed_before? string|number Only those with completed_at at or before this time
---@field audited_after? string|number Only those with last_audited_at at or after this time
---@field audited_before? string|number Only those with last_audited_at at or before this time
---@field detailed? boolean Add the counts of its tasks to each batch
---@field limit? integer Size of a page, 1 to 100; 100 if not given
---@field offset? integer How many to pass over

---@class scaleapi.batch_status.Arguments: scaleapi.CallOptions
---@field batch_name string Name of the batch

---@class scaleapi.finalize_batch.Arguments: scaleapi.CallOptions
---@field batch_name string Name of the batch

---@class scaleapi.set_batch_metadata.Options: scaleapi.CallOptions
---@field metadata table All of the metadata

---@class scaleapi.set_batch_metadata.Arguments: scaleapi.set_batch_metadata.Options
---@field batch_name string Name of the batch

---@class scaleapi.prioritize_batch.Options: scaleapi.CallOptions
---@field priority integer 10 (low) to 30 (high)

---@class scaleapi.prioritize_batch.Arguments: scaleapi.prioritize_batch.Options
---@field batch_name string Name of the batch

---@class scaleapi.create_project.Options: scaleapi.CallOptions
---@field task_type scaleapi.enum.TaskType Type of all its tasks
---@field project_name string Name of the project, unique in the account
---@field params? table What its tasks inherit: version 0 of its params
---@field rapid? boolean A Scale Rapid project
---@field studio? boolean A Scale Studio project
---@field dataset_id? string Nucleus dataset to sync into
---@field pipeline? string Studio only: standard_task or consensus_task
---@field consensus_attempts? integer Studio consensus only

---@class scaleapi.get_project.Arguments: scaleapi.CallOptions
---@field project_name string Name of the project

---@class scaleapi.get_projects.Options: scaleapi.CallOptions
---@field archived? boolean true: only archived ones, false: only the others

---@class scaleapi.update_project.Options
---@field patch? boolean true: change the newest version, not replace it
---@field instruction? string The project's instruction
---@field [string] any Any other field of the body

---@class scaleapi.update_project.Arguments: scaleapi.update_project.Options
---@field project_name string Name of the project

---@class scaleapi.set_project_ontology.Options: scaleapi.CallOptions
---@field ontology any[] Strings, or objects with choice and subchoices; no choice twice
---@field name? string Name of the ontology

---@class scaleapi.set_project_ontology.Arguments: scaleapi.set_project_ontology.Options
---@field project_name string Name of the project

---@class scaleapi.get_project_template.Arguments: scaleapi.CallOptions
---@field project_name string Name of the project

---@class scaleapi.upload_file.Options: scaleapi.CallOptions
---@field project_name? string Project that the file belongs to
---@field display_name? string Name to show
---@field reference_id? string Your own id, taken only once
---@field metadata? table Data of your own
---@field path? string The file
---@field data? string Or its bytes
---@field filename? string What the server is told it is called

---@class scaleapi.import_file.Options
---@field file_url string http or https URL
---@field project_name? string Project that the file belongs to
---@field display_name? string Name to show
---@field reference_id? string Your own id, taken only once
---@field metadata? table Data of your own
---@field [string] any Any other field of the body

---@class scaleapi.list_assets.Options: scaleapi.CallOptions
---@field project string Name of the project of the files
---@field metadata? string JSON text of metadata that they must have
---@field cursor? string The page's token, as the documentation calls it
---@field next_token? string The page's token, as third-party clients call it
---@field limit? integer Size of a page, 1 to 100; 100 if not given

---@class scaleapi.create_evaluation_task.Options
---@field expected_response table The right answer, in the form of the type's response
---@field initial_response? table An answer to begin with; makes it a task of the review phase
---@field project? string Name of the Rapid project
---@field [string] any Any other field of the body

---@class scaleapi.create_evaluation_task.Arguments: scaleapi.create_evaluation_task.Options
---@field task_type scaleapi.enum.QualityTaskType Type of the task

---@class scaleapi.create_training_task.Options
---@field expected_response table The right answer, in the form of the type's response
---@field project? string Name of the Rapid project
---@field [string] any Any other field of the body

---@class scaleapi.create_training_task.Arguments: scaleapi.create_training_task.Options
---@field task_type scaleapi.enum.QualityTaskType Type of the task

---@class scaleapi.list_quality_labelers.Options: scaleapi.CallOptions
---@field quality_task_ids? string|string[] Only attempts at these tasks
---@field labeler_emails? string|string[] Only attempts of these labelers
---@field next_token? string What the page before gave as next_token
---@field limit? integer Size of a page, 1 to 100; 100 if not given

---@class scaleapi.create_fixless_audit.Options
---@field [string] any Any other field of the body

---@class scaleapi.get_fixless_audits.Options: scaleapi.CallOptions
---@field task_id? string Audits of this task
---@field id? string The audit with this id


---@class scaleapi.invite_teammates.Options: scaleapi.CallOptions
---@field emails string[] E-mail addresses
---@field role scaleapi.enum.TeammateRole labeler, member or manager

---@class scaleapi.update_teammates_role.Options: scaleapi.CallOptions
---@field emails string[] E-mail addresses
---@field role scaleapi.enum.TeammateRole labeler, member or manager


---@class scaleapi.add_studio_assignments.Options: scaleapi.CallOptions
---@field emails string[] E-mail addresses of members
---@field projects string[] Names of projects

---@class scaleapi.remove_studio_assignments.Options: scaleapi.CallOptions
---@field emails string[] E-mail addresses of members
---@field projects string[] Names of projects

---@class scaleapi.list_project_groups.Arguments: scaleapi.CallOptions
---@field project_name string Name of the project

---@class scaleapi.create_project_group.Options: scaleapi.CallOptions
---@field emails string[] Members; they must be assigned to the project
---@field project_group string Name of the group

---@class scaleapi.create_project_group.Arguments: scaleapi.create_project_group.Options
---@field project_name string Name of the project

---@class scaleapi.update_project_group.Options: scaleapi.CallOptions
---@field add_emails string[] Members to add; may be empty
---@field remove_emails string[] Members to take out; may be empty

---@class scaleapi.update_project_group.Arguments: scaleapi.update_project_group.Options
---@field project_name string Name of the project
---@field project_group string Name of the group


---@class scaleapi.assign_studio_batches.Options: scaleapi.CallOptions
---@field project_groups string[] All groups of the batch; an e-mail address stands for one member

---@class scaleapi.assign_studio_batches.Arguments: scaleapi.assign_studio_batches.Options
---@field batch_name string Name of the batch

---@class scaleapi.set_studio_batches_priorities.Options: scaleapi.CallOptions
---@field batch_names string[] Names of ALL pending batches, first the one with the highest priority


---@class scaleapi.v2.get_task.Options: scaleapi.CallOptions
---@field task_id string Id of the task
---@field expand? scaleapi.enum.TaskExpandable|scaleapi.enum.TaskExpandable[] Fields to give as whole objects instead of ids: project, batch
---@field opts? scaleapi.enum.Option|scaleapi.enum.Option[] More to include: annotation_details, attachment_details, model_parameters, submissions

---@class scaleapi.v2.get_tasks.Options: scaleapi.CallOptions
---@field project_id? string Id of the project
---@field project_name? string Name of the project
---@field batch_id? string Id of the batch
---@field batch_name? string Name of the batch
---@field status? scaleapi.enum.TaskStatusV2 Only tasks in this status
---@field completed_after? string|number Only those with completed_at at or after this time
---@field completed_before? string|number Only those with completed_at at or before this time
---@field limit? integer Size of a page, 1 to 100; 100 if not given
---@field next_token? string What the page before gave as next_token
---@field expand? scaleapi.enum.TaskExpandable|scaleapi.enum.TaskExpandable[] Fields to give as whole objects instead of ids: project, batch
---@field opts? scaleapi.enum.Option|scaleapi.enum.Option[] More to include: annotation_details, attachment_details, model_parameters, submissions

---@class scaleapi.v2.create_chat_task.Options: scaleapi.CallOptions
---@field project_id? string Id of the project
---@field project_name? string Name of the project
---@field batch_id? string Id of the batch
---@field batch_name? string Name of the batch
---@field template_variables? table Values for the variables of the project's template
---@field metadata? table Data of your own
---@field callback_url? string URL or e-mail address that is told of completion
---@field unique_id? string Your own id, taken only once in the account; makes it safe to send the task again

---@class scaleapi.v2.set_task_metadata.Options: scaleapi.CallOptions
---@field task_id string Id of the task
---@field metadata table The metadata
---@field merge? boolean true: merge deeply into what is there; else replace it

---@class scaleapi.v2.get_batch.Options: scaleapi.CallOptions
---@field batch_id? string Id of the batch
---@field batch_name? string Name of the batch
---@field expand? scaleapi.enum.BatchExpandable|scaleapi.enum.BatchExpandable[] Fields to give as whole objects instead of ids: project

---@class scaleapi.v2.get_batches.Options: scaleapi.CallOptions
---@field project_id? string Id of the project
---@field project_name? string Name of the project
---@field status? scaleapi.enum.BatchStatusV2 Only batches in this status
---@field created_after? string|number Only those with created_at at or after this time
---@field created_before? string|number Only those with created_at at or before this time
---@field completed_after? string|number Only those with completed_at at or after this time
---@field completed_before? string|number Only those with completed_at at or before this time
---@field limit? integer Size of a page, 1 to 100; 100 if not given
---@field next_token? string What the page before gave as next_token
---@field expand? scaleapi.enum.BatchExpandable|scaleapi.enum.BatchExpandable[] Fields to give as whole objects instead of ids: project

---@class scaleapi.v2.create_batch.Options: scaleapi.CallOptions
---@field name string Name of the batch
---@field project_id? string Id of the project
---@field project_name? string Name of the project
---@field callback? string URL or e-mail address that is told of completion
---@field staging_batch? boolean Begin in staging, to be finalized
---@field metadata? table Data of your own

---@class scaleapi.v2.finalize_batch.Options: scaleapi.CallOptions
---@field batch_id? string Id of the batch
---@field batch_name? string Name of the batch

---@class scaleapi.v2.pause_batch.Options: scaleapi.CallOptions
---@field batch_id? string Id of the batch
---@field batch_name? string Name of the batch

---@class scaleapi.v2.resume_batch.Options: scaleapi.CallOptions
---@field batch_id? string Id of the batch
---@field batch_name? string Name of the batch

---@class scaleapi.v2.cancel_batch.Options: scaleapi.CallOptions
---@field batch_id? string Id of the batch
---@field batch_name? string Name of the batch

---@class scaleapi.v2.set_batch_metadata.Options: scaleapi.CallOptions
---@field batch_id? string Id of the batch
---@field batch_name? string Name of the batch
---@field metadata table The metadata
---@field merge? boolean true: merge deeply into what is there; else replace it

---@class scaleapi.v2.get_project.Options: scaleapi.CallOptions
---@field project_id? string Id of the project
---@field project_name? string Name of the project

---@class scaleapi.v2.get_projects.Options: scaleapi.CallOptions
---@field created_after? string|number Only those with created_at at or after this time
---@field created_before? string|number Only those with created_at at or before this time

---@class scaleapi.v2.get_annotation.Options: scaleapi.CallOptions
---@field annotation_id string Id of the annotation

---@class scaleapi.v2.get_deliveries.Options: scaleapi.CallOptions
---@field project_id? string Id of the project
---@field project_name? string Name of the project
---@field delivered_after? string|number Only those with delivered_at at or after this time
---@field delivered_before? string|number Only those with delivered_at at or before this time
---@field expand? scaleapi.enum.BatchExpandable|scaleapi.enum.BatchExpandable[] Fields to give as whole objects instead of ids: project

---@class scaleapi.v2.get_delivery.Options: scaleapi.CallOptions
---@field delivery_id? string Id of the delivery
---@field delivery_name? string Name of the delivery; needs its project
---@field project_id? string Id of the project
---@field project_name? string Name of the project
---@field limit? integer Size of a page, 1 to 100; 100 if not given
---@field next_token? string What the page before gave as next_token
---@field expand? scaleapi.enum.DeliveryExpandable|scaleapi.enum.DeliveryExpandable[] Fields to give as whole objects instead of ids: project, batch, delivery
---@field opts? scaleapi.enum.Option|scaleapi.enum.Option[] More to include: annotation_details, attachment_details, model_parameters, submissions

---@class scaleapi.v2.get_delivery_tasks.Options: scaleapi.CallOptions
---@field delivery_id? string Id of the delivery
---@field project_id? string Id of the project
---@field project_name? string Name of the project
---@field status? scaleapi.enum.TaskStatusV2 Only tasks in this status
---@field completed_after? string|number Only those with completed_at at or after this time
---@field completed_before? string|number Only those with completed_at at or before this time
---@field limit? integer Size of a page, 1 to 100; 100 if not given
---@field next_token? string What the page before gave as next_token

---@class scaleapi.v2.get_schema.Options: scaleapi.CallOptions
---@field schema_id string response_schema_id of a delivered task


---@class scaleapi.v2.get_dataset_deliveries.Options: scaleapi.CallOptions
---@field dataset_id? string Only deliveries of this dataset
---@field delivered_after? string|number Only those with delivered_at at or after this time
---@field delivered_before? string|number Only those with delivered_at at or before this time
---@field expand? scaleapi.enum.DatasetDeliveryExpandable|scaleapi.enum.DatasetDeliveryExpandable[] Fields to give as whole objects instead of ids: dataset

---@class scaleapi.v2.get_dataset_delivery.Options: scaleapi.CallOptions
---@field delivery_id string Id of the delivery
---@field limit? integer Size of a page, 1 to 100; 100 if not given
---@field next_token? string What the page before gave as next_token
---@field expand? scaleapi.enum.DatasetTaskExpandable|scaleapi.enum.DatasetTaskExpandable[] Fields to give as whole objects instead of ids: dataset, delivery

---@class scaleapi.v2.get_dataset_tasks.Options: scaleapi.CallOptions
---@field dataset_id? string Only tasks of this dataset
---@field delivery_id? string Id of the delivery
---@field delivered_after? string|number Only those with delivered_at at or after this time
---@field delivered_before? string|number Only those with delivered_at at or before this time
---@field limit? integer Size of a page, 1 to 100; 100 if not given
---@field next_token? string What the page before gave as next_token
---@field expand? scaleapi.enum.DatasetTaskExpandable|scaleapi.enum.DatasetTaskExpandable[] Fields to give as whole objects instead of ids: dataset, delivery

---@class scaleapi.v2.get_dataset_task.Options: scaleapi.CallOptions
---@field task_id string Id of the dataset task
---@field expand? scaleapi.enum.DatasetTaskExpandable|scaleapi.enum.DatasetTaskExpandable[] Fields to give as whole objects instead of ids: dataset, delivery

---@class scaleapi.v2.get_dataset_task_response_url.Arguments: scaleapi.CallOptions
---@field task_id string Id of the dataset task
---@field attachment_id string Id of the attachment


---@class scaleapi.Task: scaleapi.Object
---@field task_id string Identifier: 24 hexadecimal digits
---@field type scaleapi.enum.TaskType
---@field status scaleapi.enum.TaskStatus
---@field created_at scaleapi.time When it was made
---@field completed_at? scaleapi.time When it was completed
---@field updated_at? scaleapi.time When it was last changed
---@field instruction string What the workers are told
---@field params table What the type asks for, with the server's defaults
---@field metadata table Your own data; {} if there is none
---@field callback_url? string As given; absent when none
---@field callback_succeeded? boolean Whether the callback was taken; absent before
---@field response? table The result, in the type's form; of a task in error, the reason
---@field project? string Name of the project
---@field batch? string Name of the batch
---@field unique_id? string Your own id
---@field tags? string[] Absent until some are set
---@field priority? integer 10, 20 or 30; 0 when not given
---@field is_test? boolean true for tasks made with a test key
---@field work_started? boolean Work has begun, so cancelling may be refused
---@field project_param_version? integer Version of the project's params that it inherits
---@field customer_review_status? scaleapi.enum.TaskReviewStatus
---@field audits? scaleapi.Audit[] Audits made so far
---@field attachment_url? string Signed address, if asked for
local Task = {}

---Add tags to a task.
---@param tags string[]|string Tags to add; those that are there already are passed over; or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Task
function Task:add_tags(tags, options) end

---Accept or reject a completed task.
---The answer may be a plain OK.
---@param options scaleapi.audit_task.Options
---@return any
---@overload fun(self: scaleapi.Task, accepted: boolean, options?: table): any
function Task:audit(options) end

---Cancel a pending task.
---Canceling a canceled task again is fine.
---@param options? scaleapi.cancel_task.Options
---@return scaleapi.Task
function Task:cancel(options) end

---Remove a task's unique_id.
---@param options? scaleapi.CallOptions
---@return scaleapi.Task
function Task:clear_unique_id(options) end

---Remove tags from a task.
---@param tags string[]|string Tags to remove; those that are not there are passed over; or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Task
function Task:delete_tags(tags, options) end

---Fetch one task.
---@param options? scaleapi.CallOptions
---@return scaleapi.Task
function Task:refresh(options) end

---Replace a task's metadata.
---@param metadata table|string All of the metadata, 10 KB at most; or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Task
function Task:set_metadata(metadata, options) end

---Replace all tags of a task.
---@param tags string[]|string The tags, up to 5; or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Task
function Task:set_tags(tags, options) end

---Set or replace a task's unique_id.
---@param options scaleapi.update_task_unique_id.Options
---@return scaleapi.Task
---@overload fun(self: scaleapi.Task, unique_id: string, options?: table): scaleapi.Task
function Task:update_unique_id(options) end

---@class scaleapi.Audit
---@field audited_by string E-mail of the auditor
---@field audited_at scaleapi.time
---@field audit_time_secs? number Time spent
---@field audit_result string accepted, fixed or rejected
---@field comments? string Text given with the audit

---@class scaleapi.Batch: scaleapi.Object
---@field name string Identifier
---@field project string Project name
---@field status scaleapi.enum.BatchStatus
---@field created_at scaleapi.time
---@field metadata table Your own data; {} if there is none
---@field callback? string URL or e-mail
---@field completed_at? scaleapi.time
---@field calibration_batch? boolean
---@field self_label_batch? boolean
---@field priority? integer
---@field archived? boolean
---@field tasks_pending? integer Once get_status was called
---@field tasks_completed? integer
---@field tasks_error? integer
---@field tasks_canceled? integer
local Batch = {}

---A batch's status and how many of its tasks are how far.
---@param options? scaleapi.CallOptions
---@return scaleapi.BatchStatus
function Batch:fetch_status(options) end

---Release a staging batch to be worked on.
---Batches of other projects need no finalizing; asking for it is fine.
---@param options? scaleapi.CallOptions
---@return scaleapi.Batch
function Batch:finalize(options) end

---Asks for status and counts, which are in tasks_pending and so on from then on.
---@return scaleapi.BatchStatus
function Batch:get_status() end

---Fetch one batch by name.
---@param options? scaleapi.CallOptions
---@return scaleapi.Batch
function Batch:refresh(options) end

---Set a batch's metadata.
---@param metadata table|string All of the metadata; or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Batch
function Batch:set_metadata(metadata, options) end

---@class scaleapi.BatchStatus: scaleapi.Object
---@field status scaleapi.enum.BatchStatus
---@field pending? integer Tasks pending
---@field completed? integer Tasks completed
---@field error? integer Tasks in error
---@field canceled? integer Tasks canceled

---@class scaleapi.Project: scaleapi.Object
---@field name string Identifier
---@field type scaleapi.enum.TaskType Type of its tasks
---@field param_history scaleapi.ProjectParams[] Versions of its params, the newest last
---@field created_at scaleapi.time
---@field created_by? string E-mail address
---@field created_with? string api or dashboard
---@field projectType? string standard, rapid, studio
---@field pipelineName? string
---@field numReviews? integer
---@field numConsensus? integer
---@field pinned? boolean
---@field archived? boolean
---@field params table The newest version of its params
---@field version? integer Of the newest params
---@field instruction? string Of the newest params
local Project = {}

---A project's task template.
---Only chat and textcollection projects have one.
---@param options? scaleapi.CallOptions
---@return scaleapi.TaskTemplate
function Project:get_template(options) end

---Fetch one project by name.
---@param options? scaleapi.CallOptions
---@return scaleapi.Project
function Project:refresh(options) end

---Append a new version of a project's params.
---Any param that tasks are to inherit stands beside these, as it is.
---@param payload scaleapi.update_project.Options|string The body, as a table or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Project
function Project:update(payload, options) end

---@class scaleapi.ProjectParams
---@field version integer Counts from 0
---@field instruction? string
---@field created_at scaleapi.time

---@class scaleapi.TaskTemplate: scaleapi.Object
---@field id string
---@field version integer
---@field created_at scaleapi.time
---@field updated_at scaleapi.time
---@field template_variables table What a task of the project must fill in
---@field response_schema? table JSON schema of responses
---@field auto_onboard_enabled? boolean

---@class scaleapi.File: scaleapi.Object
---@field id string
---@field attachment_url string To be used as attachment of tasks: scaledata://…
---@field created_at? scaleapi.time
---@field updated_at? scaleapi.time
---@field mime_type? string
---@field size? integer Bytes
---@field project_names? string[]
---@field display_name? string
---@field reference_id? string
---@field metadata? table

---@class scaleapi.EvaluationTask: scaleapi.Object
---@field id string Not task_id
---@field expected_response table
---@field initial_response? table As sent; of a task of the review phase
---@field project? string
---@field type? scaleapi.enum.TaskType
---@field params? table As those of a Task
---@field created_at? scaleapi.time
---@field metadata? table

---@class scaleapi.TrainingTask: scaleapi.Object
---@field id string Not task_id
---@field expected_response table
---@field initial_response? table As sent; of a task of the review phase
---@field project? string
---@field type? scaleapi.enum.TaskType
---@field params? table As those of a Task
---@field created_at? scaleapi.time
---@field metadata? table

---@class scaleapi.FixlessAudit: scaleapi.Object
---@field id string
---@field task_id string
---@field audit_result string
---@field feedback_items? any[]

---@class scaleapi.Teammate: scaleapi.Object
---@field email string
---@field role scaleapi.enum.TeammateRole
---@field company? string
---@field firstName? string
---@field lastName? string
---@field isStudioLabeler? boolean
---@field disableRapidEmails? boolean
---@field expiry? scaleapi.time When an open invitation ends
---@field first_name? string
---@field last_name? string
---@field is_studio_labeler? boolean
---@field disable_rapid_emails? boolean
local Teammate = {}

---Gives the member another role.
---@param role scaleapi.enum.TeammateRole
---@param options? scaleapi.CallOptions
---@return scaleapi.Teammate
function Teammate:update_role(role, options) end

---Gives the member another role.
---@param role scaleapi.enum.TeammateRole
---@param options? scaleapi.CallOptions
---@return scaleapi.Teammate
function Teammate:update_teammate_role(role, options) end

---@class scaleapi.StudioWorker
---@field id string
---@field email string

---@class scaleapi.StudioProjectGroup: scaleapi.Object
---@field id string
---@field name string
---@field numWorkers integer
---@field isSingleton boolean A group of one member
---@field workers? scaleapi.StudioWorker[]
---@field num_workers integer
---@field is_singleton boolean

---@class scaleapi.StudioBatch: scaleapi.Object
---@field id string
---@field name string
---@field projectId string
---@field projectName string
---@field batchType string Production or Calibration
---@field studioPriority? number
---@field total integer Tasks
---@field completed integer Tasks done
---@field groups string[] Group names
---@field project_id string
---@field project_name string
---@field batch_type string
---@field studio_priority? number

---@class scaleapi.TaskV2: scaleapi.Object
---@field task_id string
---@field project string|scaleapi.ProjectV2 Id, or object when expanded
---@field batch? string|scaleapi.BatchV2 Id, or object when expanded; absent when no batch
---@field status scaleapi.enum.TaskStatusV2
---@field created_at scaleapi.time
---@field completed_at? scaleapi.time
---@field metadata? table
---@field threads? scaleapi.Thread[] What was said and how it was judged; empty unless completed
---@field errors? scaleapi.ErrorDetail[] With status error
---@field sensitive_content_reports? scaleapi.SensitiveContentReport[] With status completed
local TaskV2 = {}

---Fetch one task.
---@param options? { expand?: scaleapi.enum.TaskExpandable|scaleapi.enum.TaskExpandable[], opts?: scaleapi.enum.Option|scaleapi.enum.Option[] }
---@return scaleapi.TaskV2
function TaskV2:refresh(options) end

---Sets the metadata, or merges it into what is there.
---@param metadata table
---@param options? { merge?: boolean }
---@return scaleapi.TaskV2
function TaskV2:set_metadata(metadata, options) end

---@class scaleapi.Thread
---@field id string
---@field turns scaleapi.Turn[]
---@field submissions? scaleapi.Submission[] Only with opts=submissions
---@field annotations scaleapi.Annotation[]

---@class scaleapi.Turn
---@field id string
---@field messages scaleapi.Message[]
---@field annotations scaleapi.Annotation[]
---@field rubrics? scaleapi.Rubric[]

---@class scaleapi.Message
---@field role string system, user, assistant, function
---@field content scaleapi.MessageContent
---@field source_id string
---@field model_parameters? scaleapi.ModelParameters Only with opts=model_parameters
---@field annotations scaleapi.Annotation[]
---@field rubric_evaluations? scaleapi.RubricEvaluation[]

---@class scaleapi.MessageContent
---@field text? string
---@field reference_texts? scaleapi.ReferenceText[]
---@field attachments? scaleapi.Attachment[]
---@field chunks? scaleapi.Chunk[]
---@field reasoning? scaleapi.Reasoning[]

---@class scaleapi.ReferenceText
---@field content? string
---@field category? string
---@field url? string

---@class scaleapi.Attachment
---@field content? string
---@field mime_type? string
---@field scale_url? string
---@field url? string
---@field name? string
---@field file_size_in_bytes? integer
---@field duration? number Seconds
---@field transcript? string
---@field transcript_url? string

---@class scaleapi.Reasoning
---@field content? string

---@class scaleapi.ModelParameters
---@field model? string
---@field temperature? number
---@field max_completion_tokens? integer
---@field top_p? number
---@field top_k? integer

---@class scaleapi.Chunk
---@field type string
---@field annotations scaleapi.Annotation[]
---@field text string

---@class scaleapi.Submission
---@field submitted_at? scaleapi.time
---@field contributor_id? string

---@class scaleapi.Rubric
---@field criteria_definitions scaleapi.CriterionDefinition[]
---@field max_total_score? integer

---@class scaleapi.CriterionDefinition
---@field id string
---@field criterion string
---@field weight? number
---@field annotations scaleapi.Annotation[]

---@class scaleapi.RubricEvaluation
---@field criteria_evaluations? scaleapi.CriterionEvaluation[]
---@field annotations? scaleapi.Annotation[]
---@field total_score? number Sum of score x weight
---@field percentage? number total_score over the largest possible

---@class scaleapi.CriterionEvaluation
---@field criterion_definition_id? string
---@field score? number Before weighting
---@field annotations? scaleapi.Annotation[]

---@class scaleapi.ErrorDetail
---@field type? string
---@field message? string

---@class scaleapi.SensitiveContentReport
---@field type? string
---@field message? string

---@class scaleapi.Annotation: scaleapi.Object
---@field id string
---@field key string Name of the question
---@field type string Tells what value is
---@field title? string
---@field description? string
---@field labels? string[] Texts for possible_values
---@field not_applicable? boolean
---@field cannot_assess? boolean
---@field metadata? scaleapi.AnnotationMetadata
---@field justification? string
---@field value? any
---@field possible_values? any[]
local Annotation = {}

---Fetch one annotation.
---@param options? scaleapi.CallOptions
---@return scaleapi.Annotation
function Annotation:refresh(options) end

---@class scaleapi.AnnotationMetadata
---@field criteria? string|scaleapi.Annotation What it was judged against: an id, or the annotation

---@class scaleapi.BatchV2: scaleapi.Object
---@field id string
---@field name string
---@field project string|scaleapi.ProjectV2 Id, or object when expanded
---@field created_at scaleapi.time
---@field completed_at? scaleapi.time
---@field status scaleapi.enum.BatchStatusV2
---@field callback? string
---@field metadata table
local BatchV2 = {}

---Cancel a batch, for good.
---Only tasks that nobody has begun are cancelled.
---@param options? scaleapi.CallOptions
---@return scaleapi.BatchOperation
function BatchV2:cancel(options) end

---Release a staging batch to be worked on.
---@param options? scaleapi.CallOptions
---@return scaleapi.BatchV2
function BatchV2:finalize(options) end

---Pause a batch that is in progress.
---Only tasks that nobody has begun are paused, and not at once: an empty batch may stay in progress.
---@param options? scaleapi.CallOptions
---@return scaleapi.BatchOperation
function BatchV2:pause(options) end

---Fetch one batch.
---@param options? { expand?: scaleapi.enum.BatchExpandable|scaleapi.enum.BatchExpandable[] }
---@return scaleapi.BatchV2
function BatchV2:refresh(options) end

---Resume a paused batch.
---@param options? scaleapi.CallOptions
---@return scaleapi.BatchOperation
function BatchV2:resume(options) end

---Sets the metadata, or merges it into what is there.
---@param metadata table
---@param options? { merge?: boolean }
---@return scaleapi.BatchV2
function BatchV2:set_metadata(metadata, options) end

---@class scaleapi.BatchOperation: scaleapi.Object
---@field batch? scaleapi.BatchV2
---@field message? string

---@class scaleapi.ProjectV2: scaleapi.Object
---@field id string
---@field name string
---@field created_at scaleapi.time
---@field types? string[]
---@field models? string[]
local ProjectV2 = {}

---Fetch one project.
---@param options? scaleapi.CallOptions
---@return scaleapi.ProjectV2
function ProjectV2:refresh(options) end

---@class scaleapi.Delivery: scaleapi.Object
---@field id string
---@field name string
---@field task_count integer
---@field delivered_at scaleapi.time
---@field project string|scaleapi.ProjectV2

---@class scaleapi.DeliveredTask: scaleapi.Object
---@field task_id string
---@field created_at? scaleapi.time
---@field delivery_id? string Null when not delivered
---@field delivered_at? string Null when not delivered
---@field response_schema_id? string For v2.get_schema
---@field response? table Null when not delivered

---@class scaleapi.Dataset: scaleapi.Object
---@field id string
---@field name string

---@class scaleapi.DatasetDelivery: scaleapi.Object
---@field id string
---@field name string
---@field delivered_at scaleapi.time
---@field dataset? string|scaleapi.Dataset
---@field metadata scaleapi.DatasetDeliveryMetadata

---@class scaleapi.DatasetDeliveryMetadata
---@field task_count? integer
---@field turn_count? integer

---@class scaleapi.DatasetTask: scaleapi.Object
---@field task_id string
---@field dataset string|scaleapi.Dataset
---@field delivery string|scaleapi.DatasetDelivery
---@field response table
local DatasetTask = {}

---Fetch one dataset task.
---@param options? { expand?: scaleapi.enum.DatasetTaskExpandable|scaleapi.enum.DatasetTaskExpandable[] }
---@return scaleapi.DatasetTask
function DatasetTask:refresh(options) end

---@class scaleapi.Schema: scaleapi.Object
---@field schema scaleapi.SchemaDocument
---@field id? string
---@field content any The schema, decoded

---@class scaleapi.SchemaDocument
---@field id? string
---@field json? string The JSON schema, as text

---@class scaleapi.StudioLabelerAssignment: scaleapi.Object
---@field email string
---@field assigned_projects string[]

---@class scaleapi.Task.Iterator A list that is fetched page by page.
---@overload fun(): scaleapi.Task?
---@field total? integer As the last page said
---@field list fun(self): scaleapi.Task[] What is left of it
---@field write fun(self, file: file*): integer?, string? Writes one more page, a line each; how many, 0 at the end
---@field close fun(self)
---@field [string] any What else the last page said

---@class scaleapi.Task.Page
---@field docs scaleapi.Task[]
---@field total? integer
---@field limit? integer
---@field offset? integer
---@field has_more? boolean
---@field next_token? string
---@field [string] any

---@class scaleapi.Batch.Iterator A list that is fetched page by page.
---@overload fun(): scaleapi.Batch?
---@field total? integer As the last page said
---@field list fun(self): scaleapi.Batch[] What is left of it
---@field write fun(self, file: file*): integer?, string? Writes one more page, a line each; how many, 0 at the end
---@field close fun(self)
---@field [string] any What else the last page said

---@class scaleapi.Batch.Page
---@field docs scaleapi.Batch[]
---@field total? integer
---@field limit? integer
---@field offset? integer
---@field has_more? boolean
---@field next_token? string
---@field [string] any

---@class scaleapi.Project.List: { [integer]: scaleapi.Project }
---@overload fun(list?: any, before?: scaleapi.Project): scaleapi.Project?
---@field list fun(self): scaleapi.Project[]
---@field close fun(self)

---@class scaleapi.File.Iterator A list that is fetched page by page.
---@overload fun(): scaleapi.File?
---@field total? integer As the last page said
---@field list fun(self): scaleapi.File[] What is left of it
---@field write fun(self, file: file*): integer?, string? Writes one more page, a line each; how many, 0 at the end
---@field close fun(self)
---@field [string] any What else the last page said

---@class scaleapi.File.Page
---@field docs scaleapi.File[]
---@field total? integer
---@field limit? integer
---@field offset? integer
---@field has_more? boolean
---@field next_token? string
---@field [string] any

---@class scaleapi.FixlessAudit.List: { [integer]: scaleapi.FixlessAudit }
---@overload fun(list?: any, before?: scaleapi.FixlessAudit): scaleapi.FixlessAudit?
---@field list fun(self): scaleapi.FixlessAudit[]
---@field close fun(self)

---@class scaleapi.Teammate.List: { [integer]: scaleapi.Teammate }
---@overload fun(list?: any, before?: scaleapi.Teammate): scaleapi.Teammate?
---@field list fun(self): scaleapi.Teammate[]
---@field close fun(self)

---@class scaleapi.StudioProjectGroup.List: { [integer]: scaleapi.StudioProjectGroup }
---@overload fun(list?: any, before?: scaleapi.StudioProjectGroup): scaleapi.StudioProjectGroup?
---@field list fun(self): scaleapi.StudioProjectGroup[]
---@field close fun(self)

---@class scaleapi.StudioBatch.List: { [integer]: scaleapi.StudioBatch }
---@overload fun(list?: any, before?: scaleapi.StudioBatch): scaleapi.StudioBatch?
---@field list fun(self): scaleapi.StudioBatch[]
---@field close fun(self)

---@class scaleapi.TaskV2.Iterator A list that is fetched page by page.
---@overload fun(): scaleapi.TaskV2?
---@field total? integer As the last page said
---@field list fun(self): scaleapi.TaskV2[] What is left of it
---@field write fun(self, file: file*): integer?, string? Writes one more page, a line each; how many, 0 at the end
---@field close fun(self)
---@field [string] any What else the last page said

---@class scaleapi.TaskV2.Page
---@field docs scaleapi.TaskV2[]
---@field total? integer
---@field limit? integer
---@field offset? integer
---@field has_more? boolean
---@field next_token? string
---@field [string] any

---@class scaleapi.BatchV2.Iterator A list that is fetched page by page.
---@overload fun(): scaleapi.BatchV2?
---@field total? integer As the last page said
---@field list fun(self): scaleapi.BatchV2[] What is left of it
---@field write fun(self, file: file*): integer?, string? Writes one more page, a line each; how many, 0 at the end
---@field close fun(self)
---@field [string] any What else the last page said

---@class scaleapi.BatchV2.Page
---@field docs scaleapi.BatchV2[]
---@field total? integer
---@field limit? integer
---@field offset? integer
---@field has_more? boolean
---@field next_token? string
---@field [string] any

---@class scaleapi.ProjectV2.List: { [integer]: scaleapi.ProjectV2 }
---@overload fun(list?: any, before?: scaleapi.ProjectV2): scaleapi.ProjectV2?
---@field list fun(self): scaleapi.ProjectV2[]
---@field close fun(self)
---@field projects scaleapi.ProjectV2[]

---@class scaleapi.Delivery.List: { [integer]: scaleapi.Delivery }
---@overload fun(list?: any, before?: scaleapi.Delivery): scaleapi.Delivery?
---@field list fun(self): scaleapi.Delivery[]
---@field close fun(self)
---@field deliveries scaleapi.Delivery[]

---@class scaleapi.DeliveredTask.Iterator A list that is fetched page by page.
---@overload fun(): scaleapi.DeliveredTask?
---@field total? integer As the last page said
---@field list fun(self): scaleapi.DeliveredTask[] What is left of it
---@field write fun(self, file: file*): integer?, string? Writes one more page, a line each; how many, 0 at the end
---@field close fun(self)
---@field [string] any What else the last page said

---@class scaleapi.DeliveredTask.Page
---@field docs scaleapi.DeliveredTask[]
---@field total? integer
---@field limit? integer
---@field offset? integer
---@field has_more? boolean
---@field next_token? string
---@field [string] any

---@class scaleapi.Dataset.List: { [integer]: scaleapi.Dataset }
---@overload fun(list?: any, before?: scaleapi.Dataset): scaleapi.Dataset?
---@field list fun(self): scaleapi.Dataset[]
---@field close fun(self)
---@field datasets scaleapi.Dataset[]

---@class scaleapi.DatasetDelivery.List: { [integer]: scaleapi.DatasetDelivery }
---@overload fun(list?: any, before?: scaleapi.DatasetDelivery): scaleapi.DatasetDelivery?
---@field list fun(self): scaleapi.DatasetDelivery[]
---@field close fun(self)
---@field deliveries scaleapi.DatasetDelivery[]

---@class scaleapi.DatasetTask.Iterator A list that is fetched page by page.
---@overload fun(): scaleapi.DatasetTask?
---@field total? integer As the last page said
---@field list fun(self): scaleapi.DatasetTask[] What is left of it
---@field write fun(self, file: file*): integer?, string? Writes one more page, a line each; how many, 0 at the end
---@field close fun(self)
---@field [string] any What else the last page said

---@class scaleapi.DatasetTask.Page
---@field docs scaleapi.DatasetTask[]
---@field total? integer
---@field limit? integer
---@field offset? integer
---@field has_more? boolean
---@field next_token? string
---@field [string] any

---@class scaleapi.SafeClientV2
local SafeClientV2 = {}

---@class scaleapi.SafeClient
---@field v2 scaleapi.SafeClientV2 The operations of the second API
local SafeClient = {}

---How many tasks match.
---@param options scaleapi.get_tasks.Options
---@return integer?
---@return scaleapi.Error?
function SafeClient:get_tasks_count(options) end

---Runs an operation by its name. Returns the answer's bytes: of a list, one page.
---@param name scaleapi.OperationName
---@return string?
---@return scaleapi.Error?
function SafeClient:call(name, ...) end

---Create one task of the given type.
---Fields of the type's own stand beside these, as they are. With a test key the task is completed at once.
---@param task_type scaleapi.enum.TaskType Type of the task, such as imageannotation
---@param payload scaleapi.create_task.Options|string The body, as a table or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Task?
---@return "created"|"existing"|scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.create_task.Arguments): scaleapi.Task?, "created"|"existing"|scaleapi.Error?
function SafeClient:create_task(task_type, payload, options) end

---Fetch one task.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param options? scaleapi.CallOptions
---@return scaleapi.Task?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.get_task.Arguments): scaleapi.Task?, scaleapi.Error?
function SafeClient:get_task(task_id, options) end

---Cancel a pending task.
---Canceling a canceled task again is fine.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param options? scaleapi.cancel_task.Options
---@return scaleapi.Task?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.cancel_task.Arguments): scaleapi.Task?, scaleapi.Error?
function SafeClient:cancel_task(task_id, options) end

---Accept or reject a completed task.
---The answer may be a plain OK.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param options scaleapi.audit_task.Options
---@return any
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.audit_task.Arguments): any, scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, task_id: string, accepted: boolean, options?: table): any, scaleapi.Error?
function SafeClient:audit_task(task_id, options) end

---Set or replace a task's unique_id.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param options scaleapi.update_task_unique_id.Options
---@return scaleapi.Task?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.update_task_unique_id.Arguments): scaleapi.Task?, scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, task_id: string, unique_id: string, options?: table): scaleapi.Task?, scaleapi.Error?
function SafeClient:update_task_unique_id(task_id, options) end

---Remove a task's unique_id.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param options? scaleapi.CallOptions
---@return scaleapi.Task?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.clear_task_unique_id.Arguments): scaleapi.Task?, scaleapi.Error?
function SafeClient:clear_task_unique_id(task_id, options) end

---Replace a task's metadata.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param metadata table|string All of the metadata, 10 KB at most; or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Task?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.set_task_metadata.Arguments): scaleapi.Task?, scaleapi.Error?
function SafeClient:set_task_metadata(task_id, metadata, options) end

---Replace all tags of a task.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param tags string[]|string The tags, up to 5; or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Task?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.set_task_tags.Arguments): scaleapi.Task?, scaleapi.Error?
function SafeClient:set_task_tags(task_id, tags, options) end

---Add tags to a task.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param tags string[]|string Tags to add; those that are there already are passed over; or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Task?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.add_task_tags.Arguments): scaleapi.Task?, scaleapi.Error?
function SafeClient:add_task_tags(task_id, tags, options) end

---Remove tags from a task.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param tags string[]|string Tags to remove; those that are not there are passed over; or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Task?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.delete_task_tags.Arguments): scaleapi.Task?, scaleapi.Error?
function SafeClient:delete_task_tags(task_id, tags, options) end

---List tasks, newest first, filtered.
---An unknown project or batch gives an empty list. To go through all pages (client:get_tasks, --all) takes project_name or batch_name, as in the official SDK; one page does not.
---@param options? scaleapi.get_tasks.ListOptions
---@return (fun(): scaleapi.Task?)|scaleapi.Task.Iterator|nil
---@return scaleapi.Error?
function SafeClient:get_tasks(options) end

---List tasks, newest first, filtered.
---An unknown project or batch gives an empty list. To go through all pages (client:get_tasks, --all) takes project_name or batch_name, as in the official SDK; one page does not.
---@param options? scaleapi.get_tasks.Options
---@return scaleapi.Task.Page?
---@return scaleapi.Error?
function SafeClient:tasks(options) end

---Send a task's completion callback again.
---unconfirmed: seen in third-party clients only
---@param task_id string Id of the task: 24 hexadecimal digits
---@param options? scaleapi.CallOptions
---@return any
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.resend_callback.Arguments): any, scaleapi.Error?
function SafeClient:resend_callback(task_id, options) end

---Address of a secured response file of a task.
---unconfirmed: seen in third-party clients only
---@param task_id string Id of the task: 24 hexadecimal digits
---@param uuid string From the response_url in the task
---@param options? scaleapi.CallOptions
---@return string?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.get_task_response_url.Arguments): string?, scaleapi.Error?
function SafeClient:get_task_response_url(task_id, uuid, options) end

---Create a batch in a project.
---@param options scaleapi.create_batch.Options
---@return scaleapi.Batch?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, project: string, batch_name: string, options?: table): scaleapi.Batch?, scaleapi.Error?
function SafeClient:create_batch(options) end

---Fetch one batch by name.
---@param batch_name string Name of the batch
---@param options? scaleapi.CallOptions
---@return scaleapi.Batch?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.get_batch.Arguments): scaleapi.Batch?, scaleapi.Error?
function SafeClient:get_batch(batch_name, options) end

---List batches, newest first, filtered.
---@param options? scaleapi.get_batches.Options
---@return (fun(): scaleapi.Batch?)|scaleapi.Batch.Iterator|nil
---@return scaleapi.Error?
function SafeClient:get_batches(options) end

---List batches, newest first, filtered.
---@param options? scaleapi.get_batches.Options
---@return scaleapi.Batch.Page?
---@return scaleapi.Error?
function SafeClient:batches(options) end

---A batch's status and how many of its tasks are how far.
---@param batch_name string Name of the batch
---@param options? scaleapi.CallOptions
---@return scaleapi.BatchStatus?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.batch_status.Arguments): scaleapi.BatchStatus?, scaleapi.Error?
function SafeClient:batch_status(batch_name, options) end

---Release a staging batch to be worked on.
---Batches of other projects need no finalizing; asking for it is fine.
---@param batch_name string Name of the batch
---@param options? scaleapi.CallOptions
---@return scaleapi.Batch?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.finalize_batch.Arguments): scaleapi.Batch?, scaleapi.Error?
function SafeClient:finalize_batch(batch_name, options) end

---Set a batch's metadata.
---@param batch_name string Name of the batch
---@param metadata table|string All of the metadata; or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Batch?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.set_batch_metadata.Arguments): scaleapi.Batch?, scaleapi.Error?
function SafeClient:set_batch_metadata(batch_name, metadata, options) end

---Set a batch's priority.
---unconfirmed: seen in third-party clients only
---@param batch_name string Name of the batch
---@param options scaleapi.prioritize_batch.Options
---@return any
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.prioritize_batch.Arguments): any, scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, batch_name: string, priority: integer, options?: table): any, scaleapi.Error?
function SafeClient:prioritize_batch(batch_name, options) end

---Create a project.
---@param options scaleapi.create_project.Options
---@return scaleapi.Project?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, task_type: scaleapi.enum.TaskType, project_name: string, options?: table): scaleapi.Project?, scaleapi.Error?
function SafeClient:create_project(options) end

---Fetch one project by name.
---@param project_name string Name of the project
---@param options? scaleapi.CallOptions
---@return scaleapi.Project?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.get_project.Arguments): scaleapi.Project?, scaleapi.Error?
function SafeClient:get_project(project_name, options) end

---All projects.
---@param options? scaleapi.get_projects.Options
---@return scaleapi.Project.List?
---@return scaleapi.Error?
function SafeClient:get_projects(options) end

---Append a new version of a project's params.
---Any param that tasks are to inherit stands beside these, as it is.
---@param project_name string Name of the project
---@param payload scaleapi.update_project.Options|string The body, as a table or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Project?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.update_project.Arguments): scaleapi.Project?, scaleapi.Error?
function SafeClient:update_project(project_name, payload, options) end

---Set a project's ontology.
---@param project_name string Name of the project
---@param options scaleapi.set_project_ontology.Options
---@return any
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.set_project_ontology.Arguments): any, scaleapi.Error?
function SafeClient:set_project_ontology(project_name, options) end

---A project's task template.
---Only chat and textcollection projects have one.
---@param project_name string Name of the project
---@param options? scaleapi.CallOptions
---@return scaleapi.TaskTemplate?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.get_project_template.Arguments): scaleapi.TaskTemplate?, scaleapi.Error?
function SafeClient:get_project_template(project_name, options) end

---Upload a local file, 80 MB at most.
---@param options scaleapi.upload_file.Options
---@return scaleapi.File?
---@return scaleapi.Error?
function SafeClient:upload_file(options) end

---Have the server fetch a file from a URL.
---@param payload scaleapi.import_file.Options|string The body, as a table or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.File?
---@return scaleapi.Error?
function SafeClient:import_file(payload, options) end

---Search stored files.
---unconfirmed: seen in third-party clients only
---@param options scaleapi.list_assets.Options
---@return (fun(): scaleapi.File?)|scaleapi.File.Iterator|nil
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, project: string, options?: table): scaleapi.File.Iterator|nil, scaleapi.Error?
function SafeClient:list_assets(options) end

---Search stored files.
---unconfirmed: seen in third-party clients only
---@param options scaleapi.list_assets.Options
---@return scaleapi.File.Page?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, project: string, options?: table): scaleapi.File.Page?, scaleapi.Error?
function SafeClient:assets(options) end

---Create an evaluation task, whose right answer is known (Rapid only).
---Takes the fields of create_task as well.
---@param task_type scaleapi.enum.QualityTaskType Type of the task
---@param payload scaleapi.create_evaluation_task.Options|string The body, as a table or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.EvaluationTask?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.create_evaluation_task.Arguments): scaleapi.EvaluationTask?, scaleapi.Error?
function SafeClient:create_evaluation_task(task_type, payload, options) end

---Create a training task, from which workers learn (Rapid only).
---Takes the fields of create_task as well.
---@param task_type scaleapi.enum.QualityTaskType Type of the task
---@param payload scaleapi.create_training_task.Options|string The body, as a table or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.TrainingTask?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.create_training_task.Arguments): scaleapi.TrainingTask?, scaleapi.Error?
function SafeClient:create_training_task(task_type, payload, options) end

---Labelers' attempts at quality tasks.
---unconfirmed: seen in third-party clients only
---@param options? scaleapi.list_quality_labelers.Options
---@return any
---@return scaleapi.Error?
function SafeClient:list_quality_labelers(options) end

---Create an audit with feedback items.
---The documentation names the task's id, the audit's result and the audited response's URL; their spelling is not known.
---@param payload scaleapi.create_fixless_audit.Options|string The body, as a table or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.FixlessAudit?
---@return scaleapi.Error?
function SafeClient:create_fixless_audit(payload, options) end

---Fetch fixless audits.
---@param options scaleapi.get_fixless_audits.Options
---@return scaleapi.FixlessAudit.List?
---@return scaleapi.Error?
function SafeClient:get_fixless_audits(options) end

---All members of the team, invited and disabled ones too.
---@param options? scaleapi.CallOptions
---@return scaleapi.Teammate.List?
---@return scaleapi.Error?
function SafeClient:list_teammates(options) end

---Invite people to the team by e-mail.
---Answers all members.
---@param options scaleapi.invite_teammates.Options
---@return scaleapi.Teammate.List?
---@return scaleapi.Error?
function SafeClient:invite_teammates(options) end

---Change the role of members.
---Answers all members.
---@param options scaleapi.update_teammates_role.Options
---@return scaleapi.Teammate.List?
---@return scaleapi.Error?
function SafeClient:update_teammates_role(options) end

---Who is assigned to which projects (Studio).
---Only active members are listed.
---@param options? scaleapi.CallOptions
---@return table<string, scaleapi.StudioLabelerAssignment>?
---@return scaleapi.Error?
function SafeClient:list_studio_assignments(options) end

---Assign members to projects.
---Answers all assignments.
---@param options scaleapi.add_studio_assignments.Options
---@return table<string, scaleapi.StudioLabelerAssignment>?
---@return scaleapi.Error?
function SafeClient:add_studio_assignments(options) end

---Take members off projects.
---Answers all assignments.
---@param options scaleapi.remove_studio_assignments.Options
---@return table<string, scaleapi.StudioLabelerAssignment>?
---@return scaleapi.Error?
function SafeClient:remove_studio_assignments(options) end

---Labeler groups of a project.
---@param project_name string Name of the project
---@param options? scaleapi.CallOptions
---@return scaleapi.StudioProjectGroup.List?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.list_project_groups.Arguments): scaleapi.StudioProjectGroup.List?, scaleapi.Error?
function SafeClient:list_project_groups(project_name, options) end

---Create a labeler group.
---@param project_name string Name of the project
---@param options scaleapi.create_project_group.Options
---@return scaleapi.StudioProjectGroup?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.create_project_group.Arguments): scaleapi.StudioProjectGroup?, scaleapi.Error?
function SafeClient:create_project_group(project_name, options) end

---Add members to a labeler group, or take them out.
---@param project_name string Name of the project
---@param project_group string Name of the group
---@param options scaleapi.update_project_group.Options
---@return scaleapi.StudioProjectGroup?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.update_project_group.Arguments): scaleapi.StudioProjectGroup?, scaleapi.Error?
function SafeClient:update_project_group(project_name, project_group, options) end

---Pending Studio batches, first the one with the highest priority.
---@param options? scaleapi.CallOptions
---@return scaleapi.StudioBatch.List?
---@return scaleapi.Error?
function SafeClient:list_studio_batches(options) end

---Set the labeler groups of a batch.
---@param batch_name string Name of the batch
---@param options scaleapi.assign_studio_batches.Options
---@return scaleapi.StudioBatch?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClient, arguments: scaleapi.assign_studio_batches.Arguments): scaleapi.StudioBatch?, scaleapi.Error?
function SafeClient:assign_studio_batches(batch_name, options) end

---Put all pending Studio batches in order.
---@param options scaleapi.set_studio_batches_priorities.Options
---@return scaleapi.StudioBatch.List?
---@return scaleapi.Error?
function SafeClient:set_studio_batches_priorities(options) end

---Put pending Studio batches back in the usual order: calibration first, then the oldest.
---@param options? scaleapi.CallOptions
---@return scaleapi.StudioBatch.List?
---@return scaleapi.Error?
function SafeClient:reset_studio_batches_priorities(options) end

---Fetch one task.
---@param options scaleapi.v2.get_task.Options
---@return scaleapi.TaskV2?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClientV2, task_id: string, options?: table): scaleapi.TaskV2?, scaleapi.Error?
function SafeClientV2:get_task(options) end

---Tasks of a project or batch.
---@param options scaleapi.v2.get_tasks.Options
---@return (fun(): scaleapi.TaskV2?)|scaleapi.TaskV2.Iterator|nil
---@return scaleapi.Error?
function SafeClientV2:get_tasks(options) end

---Tasks of a project or batch.
---@param options scaleapi.v2.get_tasks.Options
---@return scaleapi.TaskV2.Page?
---@return scaleapi.Error?
function SafeClientV2:tasks(options) end

---Create a chat task from the project's template.
---@param options scaleapi.v2.create_chat_task.Options
---@return scaleapi.TaskV2?
---@return "created"|"existing"|scaleapi.Error?
function SafeClientV2:create_chat_task(options) end

---Set a task's metadata, or merge into it.
---@param options scaleapi.v2.set_task_metadata.Options
---@return scaleapi.TaskV2?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClientV2, task_id: string, options?: table): scaleapi.TaskV2?, scaleapi.Error?
function SafeClientV2:set_task_metadata(options) end

---Fetch one batch.
---@param options scaleapi.v2.get_batch.Options
---@return scaleapi.BatchV2?
---@return scaleapi.Error?
function SafeClientV2:get_batch(options) end

---Batches, of one project or of all.
---@param options? scaleapi.v2.get_batches.Options
---@return (fun(): scaleapi.BatchV2?)|scaleapi.BatchV2.Iterator|nil
---@return scaleapi.Error?
function SafeClientV2:get_batches(options) end

---Batches, of one project or of all.
---@param options? scaleapi.v2.get_batches.Options
---@return scaleapi.BatchV2.Page?
---@return scaleapi.Error?
function SafeClientV2:batches(options) end

---Create a batch.
---@param options scaleapi.v2.create_batch.Options
---@return scaleapi.BatchV2?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClientV2, name: string, options?: table): scaleapi.BatchV2?, scaleapi.Error?
function SafeClientV2:create_batch(options) end

---Release a staging batch to be worked on.
---@param options scaleapi.v2.finalize_batch.Options
---@return scaleapi.BatchV2?
---@return scaleapi.Error?
function SafeClientV2:finalize_batch(options) end

---Pause a batch that is in progress.
---Only tasks that nobody has begun are paused, and not at once: an empty batch may stay in progress.
---@param options scaleapi.v2.pause_batch.Options
---@return scaleapi.BatchOperation?
---@return scaleapi.Error?
function SafeClientV2:pause_batch(options) end

---Resume a paused batch.
---@param options scaleapi.v2.resume_batch.Options
---@return scaleapi.BatchOperation?
---@return scaleapi.Error?
function SafeClientV2:resume_batch(options) end

---Cancel a batch, for good.
---Only tasks that nobody has begun are cancelled.
---@param options scaleapi.v2.cancel_batch.Options
---@return scaleapi.BatchOperation?
---@return scaleapi.Error?
function SafeClientV2:cancel_batch(options) end

---Set a batch's metadata, or merge into it.
---@param options scaleapi.v2.set_batch_metadata.Options
---@return scaleapi.BatchV2?
---@return scaleapi.Error?
function SafeClientV2:set_batch_metadata(options) end

---Fetch one project.
---@param options scaleapi.v2.get_project.Options
---@return scaleapi.ProjectV2?
---@return scaleapi.Error?
function SafeClientV2:get_project(options) end

---All projects.
---@param options? scaleapi.v2.get_projects.Options
---@return scaleapi.ProjectV2.List?
---@return scaleapi.Error?
function SafeClientV2:get_projects(options) end

---Fetch one annotation.
---@param options scaleapi.v2.get_annotation.Options
---@return scaleapi.Annotation?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClientV2, annotation_id: string, options?: table): scaleapi.Annotation?, scaleapi.Error?
function SafeClientV2:get_annotation(options) end

---Deliveries of a project.
---@param options? scaleapi.v2.get_deliveries.Options
---@return scaleapi.Delivery.List?
---@return scaleapi.Error?
function SafeClientV2:get_deliveries(options) end

---Tasks of a delivery.
---@param options scaleapi.v2.get_delivery.Options
---@return (fun(): scaleapi.TaskV2?)|scaleapi.TaskV2.Iterator|nil
---@return scaleapi.Error?
function SafeClientV2:get_delivery(options) end

---Tasks of a delivery.
---@param options scaleapi.v2.get_delivery.Options
---@return scaleapi.TaskV2.Page?
---@return scaleapi.Error?
function SafeClientV2:delivery(options) end

---Tasks with their delivered responses.
---total counts the tasks of one page. What was not delivered has null in its delivery fields.
---@param options scaleapi.v2.get_delivery_tasks.Options
---@return (fun(): scaleapi.DeliveredTask?)|scaleapi.DeliveredTask.Iterator|nil
---@return scaleapi.Error?
function SafeClientV2:get_delivery_tasks(options) end

---Tasks with their delivered responses.
---total counts the tasks of one page. What was not delivered has null in its delivery fields.
---@param options scaleapi.v2.get_delivery_tasks.Options
---@return scaleapi.DeliveredTask.Page?
---@return scaleapi.Error?
function SafeClientV2:delivery_tasks(options) end

---The JSON schema of delivered responses.
---schema.json is a text that holds JSON.
---@param options scaleapi.v2.get_schema.Options
---@return scaleapi.Schema?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClientV2, schema_id: string, options?: table): scaleapi.Schema?, scaleapi.Error?
function SafeClientV2:get_schema(options) end

---Delivered datasets.
---@param options? scaleapi.CallOptions
---@return scaleapi.Dataset.List?
---@return scaleapi.Error?
function SafeClientV2:get_datasets(options) end

---Deliveries of datasets.
---@param options? scaleapi.v2.get_dataset_deliveries.Options
---@return scaleapi.DatasetDelivery.List?
---@return scaleapi.Error?
function SafeClientV2:get_dataset_deliveries(options) end

---Dataset tasks of a delivery.
---@param options scaleapi.v2.get_dataset_delivery.Options
---@return (fun(): scaleapi.DatasetTask?)|scaleapi.DatasetTask.Iterator|nil
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClientV2, delivery_id: string, options?: table): scaleapi.DatasetTask.Iterator|nil, scaleapi.Error?
function SafeClientV2:get_dataset_delivery(options) end

---Dataset tasks of a delivery.
---@param options scaleapi.v2.get_dataset_delivery.Options
---@return scaleapi.DatasetTask.Page?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClientV2, delivery_id: string, options?: table): scaleapi.DatasetTask.Page?, scaleapi.Error?
function SafeClientV2:dataset_delivery(options) end

---Dataset tasks.
---@param options scaleapi.v2.get_dataset_tasks.Options
---@return (fun(): scaleapi.DatasetTask?)|scaleapi.DatasetTask.Iterator|nil
---@return scaleapi.Error?
function SafeClientV2:get_dataset_tasks(options) end

---Dataset tasks.
---@param options scaleapi.v2.get_dataset_tasks.Options
---@return scaleapi.DatasetTask.Page?
---@return scaleapi.Error?
function SafeClientV2:dataset_tasks(options) end

---Fetch one dataset task.
---@param options scaleapi.v2.get_dataset_task.Options
---@return scaleapi.DatasetTask?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClientV2, task_id: string, options?: table): scaleapi.DatasetTask?, scaleapi.Error?
function SafeClientV2:get_dataset_task(options) end

---Address of an attachment of a dataset task's response.
---The server redirects to the file; its address is the answer. Nothing is fetched, and the key is not sent there.
---@param task_id string Id of the dataset task
---@param attachment_id string Id of the attachment
---@param options? scaleapi.CallOptions
---@return string?
---@return scaleapi.Error?
---@overload fun(self: scaleapi.SafeClientV2, arguments: scaleapi.v2.get_dataset_task_response_url.Arguments): string?, scaleapi.Error?
function SafeClientV2:get_dataset_task_response_url(task_id, attachment_id, options) end

---The OpenAPI description that the SDK's second client is made from.
---@param options? scaleapi.CallOptions
---@return any
---@return scaleapi.Error?
function SafeClientV2:get_openapi(options) end

---All projects.
---@param options? scaleapi.get_projects.Options
---@return scaleapi.Project.List?
---@return scaleapi.Error?
function SafeClient:projects(options) end

---Tasks of a project or batch.
---@param options scaleapi.v2.get_tasks.Options
---@return (fun(): scaleapi.TaskV2?)|scaleapi.TaskV2.Iterator|nil
---@return scaleapi.Error?
function SafeClient:v2_get_tasks(options) end

---@class scaleapi.ClientV2
---@field safe scaleapi.SafeClientV2 The same, but returns nil and the error
local ClientV2 = {}

---@class scaleapi.Client
---@field v2 scaleapi.ClientV2 The operations of the second API
---@field safe scaleapi.SafeClient The same, but returns nil and the error
local Client = {}

---How many tasks match.
---@param options scaleapi.get_tasks.Options
---@return integer
function Client:get_tasks_count(options) end

---Runs an operation by its name. Returns the answer's bytes: of a list, one page.
---@param name scaleapi.OperationName
---@return string
function Client:call(name, ...) end

---Counts what it did so far.
---@return scaleapi.Stats
function Client:stats() end

---What time it is for the server, in seconds since 1970, by the Date of its answers; nil while none had one.
---@return number?
function Client:server_time() end

---How fast its bulk calls go.
---@return scaleapi.Pace
function Client:pace() end

---What of that has changed since it was asked last.
---@return scaleapi.Change[]
function Client:changes() end

---Ends its unfinished calls and closes its connections.
function Client:close() end

---What stands before /v1 and /v2.
---@return string
function Client:base_url() end

---The first 16 digits of the SHA-256 of the key: tells keys apart and gives none away.
---@return string
function Client:key_fingerprint() end

---Create one task of the given type.
---Fields of the type's own stand beside these, as they are. With a test key the task is completed at once.
---@param task_type scaleapi.enum.TaskType Type of the task, such as imageannotation
---@param payload scaleapi.create_task.Options|string The body, as a table or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Task
---@return "created"|"existing"
---@overload fun(self: scaleapi.Client, arguments: scaleapi.create_task.Arguments): scaleapi.Task, "created"|"existing"
function Client:create_task(task_type, payload, options) end

---Fetch one task.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param options? scaleapi.CallOptions
---@return scaleapi.Task
---@overload fun(self: scaleapi.Client, arguments: scaleapi.get_task.Arguments): scaleapi.Task
function Client:get_task(task_id, options) end

---Cancel a pending task.
---Canceling a canceled task again is fine.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param options? scaleapi.cancel_task.Options
---@return scaleapi.Task
---@overload fun(self: scaleapi.Client, arguments: scaleapi.cancel_task.Arguments): scaleapi.Task
function Client:cancel_task(task_id, options) end

---Accept or reject a completed task.
---The answer may be a plain OK.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param options scaleapi.audit_task.Options
---@return any
---@overload fun(self: scaleapi.Client, arguments: scaleapi.audit_task.Arguments): any
---@overload fun(self: scaleapi.Client, task_id: string, accepted: boolean, options?: table): any
function Client:audit_task(task_id, options) end

---Set or replace a task's unique_id.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param options scaleapi.update_task_unique_id.Options
---@return scaleapi.Task
---@overload fun(self: scaleapi.Client, arguments: scaleapi.update_task_unique_id.Arguments): scaleapi.Task
---@overload fun(self: scaleapi.Client, task_id: string, unique_id: string, options?: table): scaleapi.Task
function Client:update_task_unique_id(task_id, options) end

---Remove a task's unique_id.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param options? scaleapi.CallOptions
---@return scaleapi.Task
---@overload fun(self: scaleapi.Client, arguments: scaleapi.clear_task_unique_id.Arguments): scaleapi.Task
function Client:clear_task_unique_id(task_id, options) end

---Replace a task's metadata.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param metadata table|string All of the metadata, 10 KB at most; or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Task
---@overload fun(self: scaleapi.Client, arguments: scaleapi.set_task_metadata.Arguments): scaleapi.Task
function Client:set_task_metadata(task_id, metadata, options) end

---Replace all tags of a task.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param tags string[]|string The tags, up to 5; or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Task
---@overload fun(self: scaleapi.Client, arguments: scaleapi.set_task_tags.Arguments): scaleapi.Task
function Client:set_task_tags(task_id, tags, options) end

---Add tags to a task.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param tags string[]|string Tags to add; those that are there already are passed over; or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Task
---@overload fun(self: scaleapi.Client, arguments: scaleapi.add_task_tags.Arguments): scaleapi.Task
function Client:add_task_tags(task_id, tags, options) end

---Remove tags from a task.
---@param task_id string Id of the task: 24 hexadecimal digits
---@param tags string[]|string Tags to remove; those that are not there are passed over; or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Task
---@overload fun(self: scaleapi.Client, arguments: scaleapi.delete_task_tags.Arguments): scaleapi.Task
function Client:delete_task_tags(task_id, tags, options) end

---List tasks, newest first, filtered.
---An unknown project or batch gives an empty list. To go through all pages (client:get_tasks, --all) takes project_name or batch_name, as in the official SDK; one page does not.
---@param options? scaleapi.get_tasks.ListOptions
---@return (fun(): scaleapi.Task?)|scaleapi.Task.Iterator
function Client:get_tasks(options) end

---List tasks, newest first, filtered.
---An unknown project or batch gives an empty list. To go through all pages (client:get_tasks, --all) takes project_name or batch_name, as in the official SDK; one page does not.
---@param options? scaleapi.get_tasks.Options
---@return scaleapi.Task.Page
function Client:tasks(options) end

---Send a task's completion callback again.
---unconfirmed: seen in third-party clients only
---@param task_id string Id of the task: 24 hexadecimal digits
---@param options? scaleapi.CallOptions
---@return any
---@overload fun(self: scaleapi.Client, arguments: scaleapi.resend_callback.Arguments): any
function Client:resend_callback(task_id, options) end

---Address of a secured response file of a task.
---unconfirmed: seen in third-party clients only
---@param task_id string Id of the task: 24 hexadecimal digits
---@param uuid string From the response_url in the task
---@param options? scaleapi.CallOptions
---@return string
---@overload fun(self: scaleapi.Client, arguments: scaleapi.get_task_response_url.Arguments): string
function Client:get_task_response_url(task_id, uuid, options) end

---Create a batch in a project.
---@param options scaleapi.create_batch.Options
---@return scaleapi.Batch
---@overload fun(self: scaleapi.Client, project: string, batch_name: string, options?: table): scaleapi.Batch
function Client:create_batch(options) end

---Fetch one batch by name.
---@param batch_name string Name of the batch
---@param options? scaleapi.CallOptions
---@return scaleapi.Batch
---@overload fun(self: scaleapi.Client, arguments: scaleapi.get_batch.Arguments): scaleapi.Batch
function Client:get_batch(batch_name, options) end

---List batches, newest first, filtered.
---@param options? scaleapi.get_batches.Options
---@return (fun(): scaleapi.Batch?)|scaleapi.Batch.Iterator
function Client:get_batches(options) end

---List batches, newest first, filtered.
---@param options? scaleapi.get_batches.Options
---@return scaleapi.Batch.Page
function Client:batches(options) end

---A batch's status and how many of its tasks are how far.
---@param batch_name string Name of the batch
---@param options? scaleapi.CallOptions
---@return scaleapi.BatchStatus
---@overload fun(self: scaleapi.Client, arguments: scaleapi.batch_status.Arguments): scaleapi.BatchStatus
function Client:batch_status(batch_name, options) end

---Release a staging batch to be worked on.
---Batches of other projects need no finalizing; asking for it is fine.
---@param batch_name string Name of the batch
---@param options? scaleapi.CallOptions
---@return scaleapi.Batch
---@overload fun(self: scaleapi.Client, arguments: scaleapi.finalize_batch.Arguments): scaleapi.Batch
function Client:finalize_batch(batch_name, options) end

---Set a batch's metadata.
---@param batch_name string Name of the batch
---@param metadata table|string All of the metadata; or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Batch
---@overload fun(self: scaleapi.Client, arguments: scaleapi.set_batch_metadata.Arguments): scaleapi.Batch
function Client:set_batch_metadata(batch_name, metadata, options) end

---Set a batch's priority.
---unconfirmed: seen in third-party clients only
---@param batch_name string Name of the batch
---@param options scaleapi.prioritize_batch.Options
---@return any
---@overload fun(self: scaleapi.Client, arguments: scaleapi.prioritize_batch.Arguments): any
---@overload fun(self: scaleapi.Client, batch_name: string, priority: integer, options?: table): any
function Client:prioritize_batch(batch_name, options) end

---Create a project.
---@param options scaleapi.create_project.Options
---@return scaleapi.Project
---@overload fun(self: scaleapi.Client, task_type: scaleapi.enum.TaskType, project_name: string, options?: table): scaleapi.Project
function Client:create_project(options) end

---Fetch one project by name.
---@param project_name string Name of the project
---@param options? scaleapi.CallOptions
---@return scaleapi.Project
---@overload fun(self: scaleapi.Client, arguments: scaleapi.get_project.Arguments): scaleapi.Project
function Client:get_project(project_name, options) end

---All projects.
---@param options? scaleapi.get_projects.Options
---@return scaleapi.Project.List
function Client:get_projects(options) end

---Append a new version of a project's params.
---Any param that tasks are to inherit stands beside these, as it is.
---@param project_name string Name of the project
---@param payload scaleapi.update_project.Options|string The body, as a table or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.Project
---@overload fun(self: scaleapi.Client, arguments: scaleapi.update_project.Arguments): scaleapi.Project
function Client:update_project(project_name, payload, options) end

---Set a project's ontology.
---@param project_name string Name of the project
---@param options scaleapi.set_project_ontology.Options
---@return any
---@overload fun(self: scaleapi.Client, arguments: scaleapi.set_project_ontology.Arguments): any
function Client:set_project_ontology(project_name, options) end

---A project's task template.
---Only chat and textcollection projects have one.
---@param project_name string Name of the project
---@param options? scaleapi.CallOptions
---@return scaleapi.TaskTemplate
---@overload fun(self: scaleapi.Client, arguments: scaleapi.get_project_template.Arguments): scaleapi.TaskTemplate
function Client:get_project_template(project_name, options) end

---Upload a local file, 80 MB at most.
---@param options scaleapi.upload_file.Options
---@return scaleapi.File
function Client:upload_file(options) end

---Have the server fetch a file from a URL.
---@param payload scaleapi.import_file.Options|string The body, as a table or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.File
function Client:import_file(payload, options) end

---Search stored files.
---unconfirmed: seen in third-party clients only
---@param options scaleapi.list_assets.Options
---@return (fun(): scaleapi.File?)|scaleapi.File.Iterator
---@overload fun(self: scaleapi.Client, project: string, options?: table): scaleapi.File.Iterator
function Client:list_assets(options) end

---Search stored files.
---unconfirmed: seen in third-party clients only
---@param options scaleapi.list_assets.Options
---@return scaleapi.File.Page
---@overload fun(self: scaleapi.Client, project: string, options?: table): scaleapi.File.Page
function Client:assets(options) end

---Create an evaluation task, whose right answer is known (Rapid only).
---Takes the fields of create_task as well.
---@param task_type scaleapi.enum.QualityTaskType Type of the task
---@param payload scaleapi.create_evaluation_task.Options|string The body, as a table or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.EvaluationTask
---@overload fun(self: scaleapi.Client, arguments: scaleapi.create_evaluation_task.Arguments): scaleapi.EvaluationTask
function Client:create_evaluation_task(task_type, payload, options) end

---Create a training task, from which workers learn (Rapid only).
---Takes the fields of create_task as well.
---@param task_type scaleapi.enum.QualityTaskType Type of the task
---@param payload scaleapi.create_training_task.Options|string The body, as a table or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.TrainingTask
---@overload fun(self: scaleapi.Client, arguments: scaleapi.create_training_task.Arguments): scaleapi.TrainingTask
function Client:create_training_task(task_type, payload, options) end

---Labelers' attempts at quality tasks.
---unconfirmed: seen in third-party clients only
---@param options? scaleapi.list_quality_labelers.Options
---@return any
function Client:list_quality_labelers(options) end

---Create an audit with feedback items.
---The documentation names the task's id, the audit's result and the audited response's URL; their spelling is not known.
---@param payload scaleapi.create_fixless_audit.Options|string The body, as a table or as JSON text
---@param options? scaleapi.CallOptions
---@return scaleapi.FixlessAudit
function Client:create_fixless_audit(payload, options) end

---Fetch fixless audits.
---@param options scaleapi.get_fixless_audits.Options
---@return scaleapi.FixlessAudit.List
function Client:get_fixless_audits(options) end

---All members of the team, invited and disabled ones too.
---@param options? scaleapi.CallOptions
---@return scaleapi.Teammate.List
function Client:list_teammates(options) end

---Invite people to the team by e-mail.
---Answers all members.
---@param options scaleapi.invite_teammates.Options
---@return scaleapi.Teammate.List
function Client:invite_teammates(options) end

---Change the role of members.
---Answers all members.
---@param options scaleapi.update_teammates_role.Options
---@return scaleapi.Teammate.List
function Client:update_teammates_role(options) end

---Who is assigned to which projects (Studio).
---Only active members are listed.
---@param options? scaleapi.CallOptions
---@return table<string, scaleapi.StudioLabelerAssignment>
function Client:list_studio_assignments(options) end

---Assign members to projects.
---Answers all assignments.
---@param options scaleapi.add_studio_assignments.Options
---@return table<string, scaleapi.StudioLabelerAssignment>
function Client:add_studio_assignments(options) end

---Take members off projects.
---Answers all assignments.
---@param options scaleapi.remove_studio_assignments.Options
---@return table<string, scaleapi.StudioLabelerAssignment>
function Client:remove_studio_assignments(options) end

---Labeler groups of a project.
---@param project_name string Name of the project
---@param options? scaleapi.CallOptions
---@return scaleapi.StudioProjectGroup.List
---@overload fun(self: scaleapi.Client, arguments: scaleapi.list_project_groups.Arguments): scaleapi.StudioProjectGroup.List
function Client:list_project_groups(project_name, options) end

---Create a labeler group.
---@param project_name string Name of the project
---@param options scaleapi.create_project_group.Options
---@return scaleapi.StudioProjectGroup
---@overload fun(self: scaleapi.Client, arguments: scaleapi.create_project_group.Arguments): scaleapi.StudioProjectGroup
function Client:create_project_group(project_name, options) end

---Add members to a labeler group, or take them out.
---@param project_name string Name of the project
---@param project_group string Name of the group
---@param options scaleapi.update_project_group.Options
---@return scaleapi.StudioProjectGroup
---@overload fun(self: scaleapi.Client, arguments: scaleapi.update_project_group.Arguments): scaleapi.StudioProjectGroup
function Client:update_project_group(project_name, project_group, options) end

---Pending Studio batches, first the one with the highest priority.
---@param options? scaleapi.CallOptions
---@return scaleapi.StudioBatch.List
function Client:list_studio_batches(options) end

---Set the labeler groups of a batch.
---@param batch_name string Name of the batch
---@param options scaleapi.assign_studio_batches.Options
---@return scaleapi.StudioBatch
---@overload fun(self: scaleapi.Client, arguments: scaleapi.assign_studio_batches.Arguments): scaleapi.StudioBatch
function Client:assign_studio_batches(batch_name, options) end

---Put all pending Studio batches in order.
---@param options scaleapi.set_studio_batches_priorities.Options
---@return scaleapi.StudioBatch.List
function Client:set_studio_batches_priorities(options) end

---Put pending Studio batches back in the usual order: calibration first, then the oldest.
---@param options? scaleapi.CallOptions
---@return scaleapi.StudioBatch.List
function Client:reset_studio_batches_priorities(options) end

---Fetch one task.
---@param options scaleapi.v2.get_task.Options
---@return scaleapi.TaskV2
---@overload fun(self: scaleapi.ClientV2, task_id: string, options?: table): scaleapi.TaskV2
function ClientV2:get_task(options) end

---Tasks of a project or batch.
---@param options scaleapi.v2.get_tasks.Options
---@return (fun(): scaleapi.TaskV2?)|scaleapi.TaskV2.Iterator
function ClientV2:get_tasks(options) end

---Tasks of a project or batch.
---@param options scaleapi.v2.get_tasks.Options
---@return scaleapi.TaskV2.Page
function ClientV2:tasks(options) end

---Create a chat task from the project's template.
---@param options scaleapi.v2.create_chat_task.Options
---@return scaleapi.TaskV2
---@return "created"|"existing"
function ClientV2:create_chat_task(options) end

---Set a task's metadata, or merge into it.
---@param options scaleapi.v2.set_task_metadata.Options
---@return scaleapi.TaskV2
---@overload fun(self: scaleapi.ClientV2, task_id: string, options?: table): scaleapi.TaskV2
function ClientV2:set_task_metadata(options) end

---Fetch one batch.
---@param options scaleapi.v2.get_batch.Options
---@return scaleapi.BatchV2
function ClientV2:get_batch(options) end

---Batches, of one project or of all.
---@param options? scaleapi.v2.get_batches.Options
---@return (fun(): scaleapi.BatchV2?)|scaleapi.BatchV2.Iterator
function ClientV2:get_batches(options) end

---Batches, of one project or of all.
---@param options? scaleapi.v2.get_batches.Options
---@return scaleapi.BatchV2.Page
function ClientV2:batches(options) end

---Create a batch.
---@param options scaleapi.v2.create_batch.Options
---@return scaleapi.BatchV2
---@overload fun(self: scaleapi.ClientV2, name: string, options?: table): scaleapi.BatchV2
function ClientV2:create_batch(options) end

---Release a staging batch to be worked on.
---@param options scaleapi.v2.finalize_batch.Options
---@return scaleapi.BatchV2
function ClientV2:finalize_batch(options) end

---Pause a batch that is in progress.
---Only tasks that nobody has begun are paused, and not at once: an empty batch may stay in progress.
---@param options scaleapi.v2.pause_batch.Options
---@return scaleapi.BatchOperation
function ClientV2:pause_batch(options) end

---Resume a paused batch.
---@param options scaleapi.v2.resume_batch.Options
---@return scaleapi.BatchOperation
function ClientV2:resume_batch(options) end

---Cancel a batch, for good.
---Only tasks that nobody has begun are cancelled.
---@param options scaleapi.v2.cancel_batch.Options
---@return scaleapi.BatchOperation
function ClientV2:cancel_batch(options) end

---Set a batch's metadata, or merge into it.
---@param options scaleapi.v2.set_batch_metadata.Options
---@return scaleapi.BatchV2
function ClientV2:set_batch_metadata(options) end

---Fetch one project.
---@param options scaleapi.v2.get_project.Options
---@return scaleapi.ProjectV2
function ClientV2:get_project(options) end

---All projects.
---@param options? scaleapi.v2.get_projects.Options
---@return scaleapi.ProjectV2.List
function ClientV2:get_projects(options) end

---Fetch one annotation.
---@param options scaleapi.v2.get_annotation.Options
---@return scaleapi.Annotation
---@overload fun(self: scaleapi.ClientV2, annotation_id: string, options?: table): scaleapi.Annotation
function ClientV2:get_annotation(options) end

---Deliveries of a project.
---@param options? scaleapi.v2.get_deliveries.Options
---@return scaleapi.Delivery.List
function ClientV2:get_deliveries(options) end

---Tasks of a delivery.
---@param options scaleapi.v2.get_delivery.Options
---@return (fun(): scaleapi.TaskV2?)|scaleapi.TaskV2.Iterator
function ClientV2:get_delivery(options) end

---Tasks of a delivery.
---@param options scaleapi.v2.get_delivery.Options
---@return scaleapi.TaskV2.Page
function ClientV2:delivery(options) end

---Tasks with their delivered responses.
---total counts the tasks of one page. What was not delivered has null in its delivery fields.
---@param options scaleapi.v2.get_delivery_tasks.Options
---@return (fun(): scaleapi.DeliveredTask?)|scaleapi.DeliveredTask.Iterator
function ClientV2:get_delivery_tasks(options) end

---Tasks with their delivered responses.
---total counts the tasks of one page. What was not delivered has null in its delivery fields.
---@param options scaleapi.v2.get_delivery_tasks.Options
---@return scaleapi.DeliveredTask.Page
function ClientV2:delivery_tasks(options) end

---The JSON schema of delivered responses.
---schema.json is a text that holds JSON.
---@param options scaleapi.v2.get_schema.Options
---@return scaleapi.Schema
---@overload fun(self: scaleapi.ClientV2, schema_id: string, options?: table): scaleapi.Schema
function ClientV2:get_schema(options) end

---Delivered datasets.
---@param options? scaleapi.CallOptions
---@return scaleapi.Dataset.List
function ClientV2:get_datasets(options) end

---Deliveries of datasets.
---@param options? scaleapi.v2.get_dataset_deliveries.Options
---@return scaleapi.DatasetDelivery.List
function ClientV2:get_dataset_deliveries(options) end

---Dataset tasks of a delivery.
---@param options scaleapi.v2.get_dataset_delivery.Options
---@return (fun(): scaleapi.DatasetTask?)|scaleapi.DatasetTask.Iterator
---@overload fun(self: scaleapi.ClientV2, delivery_id: string, options?: table): scaleapi.DatasetTask.Iterator
function ClientV2:get_dataset_delivery(options) end

---Dataset tasks of a delivery.
---@param options scaleapi.v2.get_dataset_delivery.Options
---@return scaleapi.DatasetTask.Page
---@overload fun(self: scaleapi.ClientV2, delivery_id: string, options?: table): scaleapi.DatasetTask.Page
function ClientV2:dataset_delivery(options) end

---Dataset tasks.
---@param options scaleapi.v2.get_dataset_tasks.Options
---@return (fun(): scaleapi.DatasetTask?)|scaleapi.DatasetTask.Iterator
function ClientV2:get_dataset_tasks(options) end

---Dataset tasks.
---@param options scaleapi.v2.get_dataset_tasks.Options
---@return scaleapi.DatasetTask.Page
function ClientV2:dataset_tasks(options) end

---Fetch one dataset task.
---@param options scaleapi.v2.get_dataset_task.Options
---@return scaleapi.DatasetTask
---@overload fun(self: scaleapi.ClientV2, task_id: string, options?: table): scaleapi.DatasetTask
function ClientV2:get_dataset_task(options) end

---Address of an attachment of a dataset task's response.
---The server redirects to the file; its address is the answer. Nothing is fetched, and the key is not sent there.
---@param task_id string Id of the dataset task
---@param attachment_id string Id of the attachment
---@param options? scaleapi.CallOptions
---@return string
---@overload fun(self: scaleapi.ClientV2, arguments: scaleapi.v2.get_dataset_task_response_url.Arguments): string
function ClientV2:get_dataset_task_response_url(task_id, attachment_id, options) end

---The OpenAPI description that the SDK's second client is made from.
---@param options? scaleapi.CallOptions
---@return any
function ClientV2:get_openapi(options) end

---All projects.
---@param options? scaleapi.get_projects.Options
---@return scaleapi.Project.List
function Client:projects(options) end

---Tasks of a project or batch.
---@param options scaleapi.v2.get_tasks.Options
---@return (fun(): scaleapi.TaskV2?)|scaleapi.TaskV2.Iterator
function Client:v2_get_tasks(options) end

---@class scaleapi
---@field version string
---@field null lightuserdata JSON's null
---@field json scaleapi.json
---@field csv scaleapi.csv
---@field jsonl scaleapi.jsonl
---@field journal scaleapi.journal
---@field times scaleapi.times
---@field operations table[] The rows of the operation table
---@field TaskType scaleapi.names.TaskType
---@field TaskStatus scaleapi.names.TaskStatus
---@field TaskReviewStatus scaleapi.names.TaskReviewStatus
---@field BatchStatus scaleapi.names.BatchStatus
---@field QualityTaskType scaleapi.names.QualityTaskType
---@field TeammateRole scaleapi.names.TeammateRole
---@field TaskExpandable scaleapi.names.TaskExpandable
---@field Option scaleapi.names.Option
---@field TaskStatusV2 scaleapi.names.TaskStatusV2
---@field BatchExpandable scaleapi.names.BatchExpandable
---@field BatchStatusV2 scaleapi.names.BatchStatusV2
---@field DeliveryExpandable scaleapi.names.DeliveryExpandable
---@field DatasetDeliveryExpandable scaleapi.names.DatasetDeliveryExpandable
---@field DatasetTaskExpandable scaleapi.names.DatasetTaskExpandable
local scaleapi = {}

---Makes a client. What is not given comes from the environment.
---@param options? scaleapi.ClientOptions
---@return scaleapi.Client
function scaleapi.client(options) end

---@class scaleapi.Limits: scaleapi.ClientOptions What a script may not go beyond, beside what its clients are made of.
---@field operations? string|string[] "read" (the default), names, patterns such as "v2.get_*"
---@field hosts? string[] Where fetch may go: "files.example.com", "*.example.com", "127.0.0.1:8080"; default: nowhere
---@field requests? integer How many may be sent in all
---@field files? boolean upload_file may send files of this machine by their path

---The module with limits, for scripts that are not trusted; globals for such a script; and what tells how many
---requests were sent. What is against the limits raises kind not_allowed.
---@param options scaleapi.Limits
---@return scaleapi module
---@return table environment
---@return fun(): integer requests
function scaleapi.limited(options) end

---Is it an error of ours, and of that kind if one is given?
---@param value any
---@param kind? string
---@return boolean
function scaleapi.is_error(value, kind) end

---Marks a table as an array, so that {} is sent as [].
---@param values? table
---@return table
function scaleapi.array(values) end

---An operation in words; nil and a message for an unknown name.
---@param name scaleapi.OperationName
---@return table?
---@return string?
function scaleapi.describe(name) end

---Runs fn(...) as a job, beside all others.
---@param fn function
---@return scaleapi.Job
function scaleapi.spawn(fn, ...) end

---Waits; other jobs go on.
---@param seconds number
function scaleapi.sleep(seconds) end

---Calls fn() once after so many seconds; fn must not wait. Keeps no program alive.
---@param seconds number
---@param fn function
---@return { cancel: fun() }
function scaleapi.after(seconds, fn) end

---@class scaleapi.FetchOptions Of one fetch.
---@field method? "GET"|"POST"|"PUT"|"DELETE"|"HEAD" GET, or POST if there is a body
---@field headers? table<string, string|number>
---@field body? string
---@field timeout? number Seconds for all of it, 60
---@field connect_timeout? number Seconds, 10
---@field follow? boolean Follow redirects, 10 at most
---@field max_answer? integer Bytes
---@field verify? boolean Check the server's certificate
---@field ca_file? string
---@field proxy? string

---One plain request to any URL, without the key. Raises an error object when no answer came.
---@param url string
---@param options? scaleapi.FetchOptions
---@return { status: integer, headers: table<string, string>, body: string, url: string }
function scaleapi.fetch(url, options) end

---The word that was probably meant, if one is near.
---@param word string
---@param words string[]
---@return string?
function scaleapi.suggest(word, words) end

---One turn, for a host with a loop of its own. True while there is something left to do.
---@param seconds? number How long to wait at most
---@return boolean
function scaleapi.step(seconds) end

---The descriptor to watch, for a host with a loop of its own.
---@return integer
function scaleapi.descriptor() end

---Seconds until a step is due anyway.
---@return number?
function scaleapi.timeout() end

---@class scaleapi.Hooks Of a host whose loop takes descriptors and timers one by one.
---@field watch fun(descriptor: integer, events: "r"|"w"|"rw"|nil) To be watched from now on; nil: no more
---@field set_timer fun(seconds: number?) When step(0) is due, once, instead of what was said before; nil: not

---Tells a host's own loop what to watch; when something is ready or the time is over, it calls `scaleapi.step(0)`.
---@param hooks scaleapi.Hooks
---@return { close: fun() } handle Takes it back
function scaleapi.attach(hooks) end

---Seconds on a clock that never goes back.
---@return number
function scaleapi.now() end

---Runs fn(item) for each of the items, so many at a time; results as they come:
---`for item, result, err in scaleapi.parallel(50, items, fn) do`
---@generic Item, Result
---@param most integer
---@param items Item[]|(fun(): Item?)
---@param fn fun(item: Item): Result?
---@return fun(): Item, Result?, any
function scaleapi.parallel(most, items, fn) end

---@class scaleapi.BulkOptions Of bulk work.
---@field client scaleapi.Client
---@field rows string|table[]|(fun(): any) A path of JSON lines or CSV, an array, an iterator
---@field operation? scaleapi.OperationName Each row is the table of its arguments by name
---@field send? fun(row: any): { state: string, error?: scaleapi.Error, id?: string } Or how a row is sent
---@field repeatable? fun(row: any): boolean With send: false for what must not be done twice
---@field problem_of? fun(row: any): scaleapi.Error? With send: the error of a row that cannot be sent at all
---@field one_call? boolean With send: it makes one call and does nothing else
---@field deadline? number Seconds that all may take
---@field concurrency? integer Rows at a time at most, 50
---@field journal? string|true A path; true: that of the rows and ".journal"
---@field input? string|{ size: integer, digest: string } A path whose bytes tell if the rows are the same, or a text
---@field header? table[] { name, value }: what else tells whether it is the same work
---@field fresh? boolean Begin anew
---@field total? integer How many rows there are, for on_progress
---@field weigh? fun(row: any): integer Bytes that a row still holds once sent
---@field prepare? fun() Called once the journal is open
---@field on_start? fun(handle: { stop: fun(reason: string, why: string), abort: fun(), journal: table? })
---@field on_outcome? fun(row: any, outcome: { state: string, error?: scaleapi.Error, id?: string }) In the rows' order
---@field on_progress? fun(state: table)

---@class scaleapi.BulkResult What has become of bulk work.
---@field total integer Rows taken
---@field counts table<string, integer> By state; `skipped` were done before
---@field failed integer Failed or in conflict
---@field left integer Taken, but without an outcome
---@field retries integer
---@field seconds number
---@field resumed boolean
---@field stopped? { reason: string, why: string, error: scaleapi.Error? }
---@field problem any What the iterator or a function raised

---Many rows, each by a call, exactly once; with a journal it can be killed at any moment and started again.
---@param options scaleapi.BulkOptions
---@return scaleapi.BulkResult
function scaleapi.bulk(options) end

---@class scaleapi.csv
local csv = {}

---Iterates the records of a CSV file: each turn gives the row and the number of its line.
---@param source string|file* A path, or an open file
---@param options? { separator?: string, header?: boolean|string[], ragged?: boolean }
---@return fun(): table?, integer?
---@return string[]? names
function csv.rows(source, options) end

---@class scaleapi.jsonl Files of JSON lines, in flat memory.
local jsonl = {}

---Iterates the lines that are not blank: each turn gives the line's bytes and its number.
---@param path string
---@return fun(): string?, integer?
function jsonl.lines(path) end

---Opens a file of JSON lines. Raises when there is no such file, or it is empty or no text.
---@param path string
---@return scaleapi.Lines
function jsonl.open(path) end

---@class scaleapi.Lines What jsonl.open returns; it may be called like an iterator.
---@field size integer Bytes of the file when it was surveyed
---@field digest string Its SHA-256 then
local Lines = {}

---The next line that is not blank, and its number; nil at the end. Raises kind changed when the file is not what was
---surveyed.
---@return string?
---@return integer?
function Lines:next() end

---Passes over so many lines that are not blank. Returns how many there were.
---@param most integer
---@return integer
function Lines:skip(most) end

---Reads the whole file and goes back to its start. Returns how many lines are not blank.
---@return integer
function Lines:survey() end

---Goes to the start, after a survey.
function Lines:rewind() end

---@class scaleapi.journal The file in which bulk work notes what it does with each row.
local journal = {}

---Opens a journal. With `header` it is one of that work, and refused if it is of another; without, whatever is there.
---@param path string
---@param options { header?: table[], fresh?: boolean }
---@return scaleapi.Journal
function journal.open(path, options) end

---@class scaleapi.Journal What journal.open returns.
---@field resumed boolean There were records
---@field before? table<string, any> The header that was there
---@field failed? string Why it can no longer be written
local Journal = {}

---The letter of the row's last record, or nil: c made, m perhaps made, e was there, d done otherwise, x in conflict,
---f failed, a nobody knows, s begun, o not sent after all; u, k, n: undone and free, undone, not undone.
---@param row integer
---@return string?
function Journal:state(row) end

---How many rows have the letter.
---@param letter string
---@return integer
function Journal:count(letter) end

---The highest row that was noted.
---@return integer
function Journal:highest() end

---The task of the row, or nil.
---@param row integer
---@return string?
function Journal:word(row) end

---How many tasks the rows have that are done.
---@return integer
function Journal:tasks() end

---Notes something of a row.
---@param letter string
---@param row integer
---@param word? string
function Journal:record(letter, row, word) end

---Raises when it can no longer be written.
function Journal:check() end

---To be called now and then: brings to the disk what was written a second ago.
function Journal:tick() end

---Writes what has come up; false when the disk takes no more.
---@return boolean
function Journal:flush() end

---Writes all, and lets others have the file; false when that failed.
---@return boolean
function Journal:close() end

---@class scaleapi.times Dates as Scale writes and reads them.
local times = {}

---Milliseconds since 1970 of a date, or of a date and time with or without an offset; nil if it is neither.
---@param text string
---@return number?
function times.parse(text) end

---"2021-06-17T21:46:36.359Z"
---@param milliseconds number
---@return string
function times.format(milliseconds) end

---@class scaleapi.json The exact codec.
---@field null lightuserdata
local json = {}

---JSON text as a Lua value; null is scaleapi.null.
---@param text string
---@return any
function json.decode(text) end

---A Lua value as JSON text.
---@param value any
---@return string
function json.encode(value) end

---Whether the text is JSON; or nil and what is wrong.
---@param text string
---@return boolean?
---@return string? problem
function json.check(text) end

---The type of the value that the text begins with.
---@param text string
---@return string?
function json.type(text) end

---A first-level field of an object, decoded.
---@param text string
---@param key string
---@return any
function json.field(text, key) end

---A first-level field of an object, as its bytes.
---@param text string
---@param key string
---@return string?
function json.raw_field(text, key) end

---First-level fields of an object, as their bytes, in one pass: nil for one that it lacks.
---@param text string
---@param ... string At most 16 keys
---@return string? ...
function json.raw_fields(text, ...) end

---The elements of an array, as their bytes.
---@param text string
---@return string[]
function json.elements(text) end

---The members of an object: their names, and their values as bytes.
---@param text string
---@return string[] names
---@return string[] values
function json.members(text) end

---The same as scaleapi.array.
---@param values? table
---@return table
function json.array(values) end

---Whether it is a table that was decoded from an array, or marked as one.
---@param value any
---@return boolean
function json.is_array(value) end

---JSON text that is written as it stands.
---@param text string
---@return userdata
function json.raw(text) end

---A number that keeps its spelling.
---@param text string
---@return userdata
function json.number(text) end

return scaleapi
