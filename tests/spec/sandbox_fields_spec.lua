-- The sandbox's rules for what is inside a task's fields, type by type. What is refused here rests on the public
-- documentation's lists of fields; that it is refused with 400 and these words is assumed.

local new_world = dofile "tests/spec/support/world.lua"

-- A task of each type that has all that it needs; %s is where more goes.
local TASKS = {
    imageannotation = '{"attachment":"u","geometries":{"box":{}}%s}',
    textcollection = '{"attachments":[{"type":"text","content":"x"}],"fields":[{"type":"text","field_id":"a","title":"t"}]%s}',
    categorization = '{"attachment":"u","attachment_type":"text","instruction":"i","categories":["a"]%s}',
    namedentityrecognition = '{"text":"t","labels":[{"name":"a"}]%s}',
    segmentannotation = '{"attachment":"u","labels":["a"]%s}',
    videoannotation = '{"attachment":"u","geometries":{"box":{}}%s}',
    videoplaybackannotation = '{"attachment":"u","geometries":{"box":{}}%s}',
    documenttranscription = '{"attachment":"u","features":[{"type":"text","label":"a"}]%s}',
    lidarannotation = '{"attachments":["u"],"labels":["a"]%s}',
    lidarsegmentation = '{"attachments":["u"],"labels":["a"]%s}',
    lidarlinking = '{"attachments":["u"]%s}',
    lidartopdown = '{"attachments":["u"]%s}',
    annotation = '{"attachment":"u","objects_to_annotate":["a"]%s}',
}

local world
before_each(function()
    world = new_world()
    world.key = "test_key"
end)

-- The text with which a task is refused that has these members more; those of one name replace the earlier.
local function refusal(task_type, more)
    local text = world:refused(400, "POST /v1/task/" .. task_type, TASKS[task_type]:format("," .. more))
    assert.equal(0, world:ok("GET /v1/tasks").total)
    return text:gsub("^Parameter is invalid, reason: ", "")
end

local function accept(task_type, more)
    return world:ok("POST /v1/task/" .. task_type, TASKS[task_type]:format("," .. more))
end

local function text_fields(...)
    return '"fields":[' .. table.concat({ ... }, ",") .. "]"
end

local function text_field(id, more)
    return ('{"type":"text","field_id":"%s","title":"t"%s}'):format(id, more and "," .. more or "")
end

describe("geometries", function()
    local function geometries(inner) return refusal("imageannotation", '"geometries":' .. inner) end

    for inner, expected in pairs {
        ['{"boxes":{}}'] = '"geometries.boxes" must be one of box, cuboid, ellipse, line, point, polygon',
        ['{"box":7}'] = '"geometries.box" must be an object', ['{"box":[]}'] = '"geometries.box" must be an object',
        ['{"box":{"objects_to_annotate":[1]}}'] = '"geometries.box.objects_to_annotate[0]" must be an object',
        ['{"box":{"objects_to_annotate":[{"display":"x"}]}}'] = '"geometries.box.objects_to_annotate[0].choice" is required',
        ['{"line":{"objects_to_annotate":["a",{"choice":"b","subchoices":["c",{}]}]}}'] =
            '"geometries.line.objects_to_annotate[1].subchoices[1].choice" is required',
        ['{"box":{"min_width":"wide"}}'] = '"geometries.box.min_width" must be a number',
        ['{"box":{"min_width":true}}'] = '"geometries.box.min_width" must be a number',
        ['{"box":{"min_height":-1}}'] = '"geometries.box.min_height" must be 0 or more',
        ['{"box":{"can_rotate":"yes"}}'] = '"geometries.box.can_rotate" must be a boolean',
        ['{"box":{"can_rotate":true,"integer_pixels":true}}'] = '"geometries.box.integer_pixels" cannot be with can_rotate',
        ['{"polygon":{"min_vertices":5,"max_vertices":4}}'] =
            '"geometries.polygon.max_vertices" must not be less than min_vertices',
        ['{"line":{"min_vertices":"5","max_vertices":"4"}}'] =
            '"geometries.line.max_vertices" must not be less than min_vertices',
        ['{"polygon":{"min_vertices":1.5}}'] = '"geometries.polygon.min_vertices" must be an integer',
        ['{"polygon":{"max_vertices":0}}'] = '"geometries.polygon.max_vertices" must be 1 or more',
        ['{"point":{"connections":[{"pair":["a"]}]}}'] = '"geometries.point.connections[0].pair" must have 2 elements or more',
        ['{"cuboid":{"camera_intrinsics":{"fx":1,"fy":1,"cx":1}}}'] = '"geometries.cuboid.camera_intrinsics.cy" is required',
        ['{"cuboid":{"camera_rotation_quaternion":{"w":"a","x":0,"y":0,"z":0}}}'] =
            '"geometries.cuboid.camera_rotation_quaternion.w" must be a number',
    } do
        it("are not " .. inner, function() assert.equal(expected, geometries(inner)) end)
    end

    it("are what the documentation lists, with numbers in quotes and null for what there is not", function()
        accept("imageannotation", [["geometries":{
            "box":{"objects_to_annotate":["a",{"choice":"b","subchoices":[{"choice":"c"}]}],"min_width":"30","min_height":1e0,
                "can_rotate":true,"integer_pixels":false,"with_labels":true},
            "polygon":{"min_vertices":3,"max_vertices":null,"objects_to_annotate":null},"line":{"min_vertices":2,"max_vertices":2},
            "point":{"connections":[{"pair":["a","b"],"connection_attribute":"x"}]},
            "cuboid":{"camera_intrinsics":{"fx":1,"fy":1,"cx":12345678901234567890,"cy":0.5,"scale_factor":1},
                "camera_rotation_quaternion":{"w":1,"x":0,"y":0,"z":0},"camera_height":-1.5},
            "ellipse":{}}]])
    end)

    it("are inherited and held against the same rules", function()
        world:project("p", "imageannotation", '"params":{"geometries":{"box":{"min_width":-1}}}')
        assert.equal('Parameter is invalid, reason: "geometries.box.min_width" must be 0 or more',
            world:refused(400, "POST /v1/task/imageannotation", '{"project":"p","attachment":"u"}'))
    end)

    it("that are wrong are refused every time", function()
        for _ = 1, 3 do assert.matches("must be an object", geometries '{"box":7}') end
    end)
end)

describe("fields of a text collection", function()
    for expected, fields in pairs {
        ['"fields[0].field_id" is required'] = { '{"type":"text","title":"t"}' },
        ['"fields[0].type" must be a string'] = { '{"type":1,"field_id":"a","title":"t"}' },
        ['"fields[0].title" must be a string'] = { '{"type":"text","field_id":"a","title":{}}' },
        ['"fields[1].field_id" is used by another field, too'] = { text_field "a", text_field "a" },
        ['"fields[1].fields[1].field_id" is used by another field, too'] = { text_field "a",
            '{"type":"field_set","field_id":"s","title":"t","fields":[' .. text_field "b" .. "," .. text_field "a" .. "]}" },
        ['"fields[0].fields" is required'] = { '{"type":"field_set","field_id":"s","title":"t"}' },
        ['"fields[0].fields" must have 2 elements or more'] = {
            '{"type":"field_set","field_id":"s","title":"t","fields":[' .. text_field "b" .. "]}" },
        ['"fields[0].fields[1].title" is required'] = {
            '{"type":"field_set","field_id":"s","title":"t","fields":[' .. text_field "b" .. ',{"type":"text","field_id":"c"}]}' },
        ['"fields[0].choices" is required'] = { '{"type":"category","field_id":"a","title":"t","choices":null}' },
        ['"fields[0].choices" must have 1 elements or more'] = { '{"type":"category","field_id":"a","title":"t","choices":[]}' },
        ['"fields[0].choices[0].value" is required'] = {
            '{"type":"category","field_id":"a","title":"t","choices":[{"label":"A"}]}' },
        ['"fields[0].choices[0].subchoices[0].label" is required'] = {
            '{"type":"category","field_id":"a","title":"t","choices":[{"label":"A","value":1,"subchoices":[{"value":"b"}]}]}' },
        ['"fields[0].max_choices" must not be less than min_choices'] = {
            '{"type":"category","field_id":"a","title":"t","choices":[{"label":"A","value":"a"}],"min_choices":2,"max_choices":1}' },
        ['"fields[0].max_responses_required" must be between 1 and 100'] = { text_field("a", '"max_responses_required":101') },
        ['"fields[0].max_responses_required" must not be less than min_responses_required'] =
            { text_field("a", '"min_responses_required":3,"max_responses_required":2') },
        ['"fields[0].required" must be a boolean'] = { text_field("a", '"required":"yes"') },
    } do
        it("are refused with: " .. expected, function()
            assert.equal(expected, refusal("textcollection", text_fields(table.unpack(fields))))
        end)
    end

    it("are what the documentation lists", function()
        local task = accept("textcollection", text_fields(text_field("a", '"required":true,"max_responses_required":100,"hint":"h"'),
            '{"type":"category","field_id":"c","title":"t","choices":[{"label":"A","value":"a","subchoices":[{"label":"B","value":1}]}]}',
            '{"type":"field_set","field_id":"s","title":"t","inline":true,"fields":[' .. text_field "x" .. "," .. text_field "y" .. "]}",
            '{"type":"a kind of tomorrow","field_id":"z","title":"t"}'))
        assert.equal(4, #task.params.fields)
    end)
end)

describe("other fields", function()
    for _, case in ipairs {
        { "textcollection", '"attachments":[{"type":"picture","content":"x"}]',
            '"attachments[0].type" must be one of pdf, image, text, video, website, audio' },
        { "textcollection", '"attachments":[{"type":"pdf","content":7}]', '"attachments[0].content" must be a string' },
        { "textcollection", '"responses_required":0', '"responses_required" must be between 1 and 100' },
        { "textcollection", '"responses_required":101', '"responses_required" must be between 1 and 100' },
        { "textcollection", '"responses_required":2.5', '"responses_required" must be an integer' },
        { "textcollection", '"title":1', '"title" must be a string' },
        { "imageannotation", '"attachment_type":"video"', '"attachment_type" must be one of image' },
        { "imageannotation", '"context_attachments":["u"]', '"context_attachments[0]" must be an object' },
        { "imageannotation", '"context_attachments":[{"attachment":"v"},{"attachment":"\\u0075"}]',
            '"context_attachments[1].attachment" is the task\'s own attachment' },
        { "imageannotation", '"annotation_attributes":{"a":{"type":"colour"}}',
            '"annotation_attributes.a.type" must be one of category, number, angle, text, x_line, y_line, linked' },
        { "imageannotation", '"annotation_attributes":[]', '"annotation_attributes" must be an object' },
        { "imageannotation", '"links":{"a":{"is_bidirectional":"no"}}', '"links.a.is_bidirectional" must be a boolean' },
        { "imageannotation", '"hypothesis":{}', '"hypothesis.annotations" is required' },
        { "imageannotation", '"base_annotations":{"annotations":{}}', '"base_annotations.annotations" must be an array' },
        { "imageannotation", '"can_add_base_annotations":1', '"can_add_base_annotations" must be a boolean' },
        { "imageannotation", '"paddingX":"wide"', '"paddingX" must be a number' },
        { "categorization", '"categories":[1]', '"categories[0]" must be a string' },
        { "categorization", '"taxonomies":{"a":1}', '"taxonomies.a" must be an object' },
        { "categorization", '"taxonomies":{"a":{"type":"text","choices":[]}}', '"taxonomies.a.type" must be one of category' },
        { "categorization", '"taxonomies":{"a":{"type":"category"}}', '"taxonomies.a.choices" is required' },
        { "categorization", '"allow_multiple":"yes"', '"allow_multiple" must be a boolean' },
        { "namedentityrecognition", '"labels":[{"name":"a","children":[{"name":"b"},{}]}]', '"labels[0].children[1].name" is required' },
        { "namedentityrecognition", '"relationships":[{}]', '"relationships[0].is_directed" is required' },
        { "namedentityrecognition", '"relationships":[{"is_directed":true,"name":"a"},{"is_directed":true}]',
            '"relationships" must be all with a name or all without' },
        { "namedentityrecognition", '"merge_newlines":1', '"merge_newlines" must be a boolean' },
        { "segmentannotation", '"labels":[7]', '"labels[0]" must be an object' },
        { "segmentannotation", '"allow_unlabeled":"no"', '"allow_unlabeled" must be a boolean' },
        { "videoannotation", '"attachment_type":"image"', '"attachments" is required' },
        { "videoannotation", '"attachment_type":"video","attachment":null,"attachments":["a"]', '"attachment" is required' },
        { "videoannotation", '"attachment_type":"text"', '"attachment_type" must be one of image, video' },
        { "videoannotation", '"attachments":[1]', '"attachments[0]" must be a string' },
        { "videoannotation", '"frame_rate":"fast"', '"frame_rate" must be a number' },
        { "videoplaybackannotation", '"annotation_frame_rate":-1', '"annotation_frame_rate" must be 0 or more' },
        { "videoplaybackannotation", '"geometries":{"circle":{}}',
            '"geometries.circle" must be one of box, cuboid, ellipse, line, point, polygon' },
        { "documenttranscription", '"features":[{"label":"a"}]', '"features[0].type" is required' },
        { "documenttranscription", '"features":[{"type":"line","label":"a"}]', '"features[0].type" must be one of text, block, group' },
        { "documenttranscription", '"features":[{"type":"block"}]', '"features[0].label" is required' },
        { "documenttranscription", '"features":[{"type":"group","label":"a"}]', '"features[0].title" is required' },
        { "documenttranscription", '"geometry":"circle"', '"geometry" must be one of box, polygon' },
        { "documenttranscription", '"attachments":[{}]', '"attachments[0]" must be a string' },
        { "lidarannotation", '"attachments":[{}]', '"attachments[0]" must be a string' },
        { "lidarannotation", '"labels":[{}]', '"labels[0].choice" is required' },
        { "lidarannotation", '"max_distance_meters":-1', '"max_distance_meters" must be 0 or more' },
        { "lidarannotation", '"attachments":null', '"attachments" is required' },
        { "lidarsegmentation", '"labels":null', '"labels" is required' },
        { "lidarlinking", '"attachments":"u"', '"attachments" must be an array' },
        { "lidartopdown", '"attachments":null', '"attachments" is required' },
        { "annotation", '"min_width":"wide"', '"min_width" must be a number' },
        { "annotation", '"objects_to_annotate":"a"', '"objects_to_annotate" must be an array' },
        { "imageannotation", '"priority":15', '"priority" must be one of 10, 20, 30' },
        { "imageannotation", '"priority":-10', '"priority" must be one of 10, 20, 30' },
        { "imageannotation", '"callback_url":"nowhere"', '"callback_url" must be an http or https URL or an e-mail address' },
        { "imageannotation", '"callback_url":"ftp://x.test/"', '"callback_url" must be an http or https URL or an e-mail address' },
        { "imageannotation", '"clear_unique_id_on_error":"yes"', '"clear_unique_id_on_error" must be a boolean' },
    } do
        it("of " .. case[1] .. " are not " .. case[2], function() assert.equal(case[3], refusal(case[1], case[2])) end)
    end

    for _, case in ipairs {
        { "imageannotation", '"attachment_type":"image","force":true,"padding":"5","paddingX":5,"paddingY":0.5' },
        { "imageannotation", [["context_attachments":[{"attachment":"v"}],"hypothesis":{"annotations":[]},
            "annotation_attributes":{"a":{"description":"d","choices":["x"]},"b":{"type":"linked","allowed_labels":["a"]}},
            "links":{"l":{"is_bidirectional":false,"from_allowed_labels":["a"],"to_allowed_labels":[]}}]] },
        { "imageannotation", '"priority":0' }, { "imageannotation", '"priority":30' },
        { "imageannotation", '"callback_url":"a@b.test"' }, { "imageannotation", '"callback_url":"https://x.test/c"' },
        { "textcollection", '"responses_required":"100","title":"t","description":null' },
        { "textcollection", '"attachments":[{"type":"audio","content":"x","forms":[]}]' },
        { "categorization", '"categories":null,"taxonomies":{"a":{"type":"category","description":"d","choices":["x",{"y":1}]}}' },
        { "namedentityrecognition", '"relationships":[{"is_directed":true,"name":"a"},{"is_directed":false,"name":"b"}]' },
        { "namedentityrecognition", '"relationships":[{"is_directed":true},{"is_directed":false,"name":null}]' },
        { "segmentannotation", '"labels":["a",{"choice":"b","instance_label":true,"subchoices":["c"]}],"allow_unlabeled":true' },
        { "videoannotation", '"attachment_type":"image","attachments":["a","b"],"attachment":null,"frame_rate":"29.97"' },
        { "videoannotation", '"attachment_type":"video"' },
        { "documenttranscription", '"features":[{"type":"group","title":"a"},{"type":"block","label":"barcode","flags":[]}],"lang":"de"' },
        { "lidarannotation", '"attachment_type":"json","labels":[{"choice":"car"}],"max_distance_meters":30.5' },
        { "annotation", '"min_width":"30","min_height":30,"with_labels":true' },
    } do
        it("of " .. case[1] .. " may be " .. case[2]:sub(1, 60), function() accept(case[1], case[2]) end)
    end
end)
