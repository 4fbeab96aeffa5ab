// Netron's own HDF5 reader as an oracle of Gannet's .h5 files.
//
//     node oracles/netron.mjs NETRON FOLDER    opens every .h5 in FOLDER as Netron does and
//                                              asks for each layer and each weight
//
// NETRON is the folder of the Python package `netron`, whose scripts are the viewer's.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [netron, folder] = process.argv.slice(2);
if (!folder) {
    console.error('usage: node oracles/netron.mjs NETRON FOLDER');
    process.exit(2);
}
const hdf5 = await viewer(netron);
const files = fs.readdirSync(folder).filter((name) => name.endsWith('.h5')).sort();
assert.notEqual(files.length, 0, `${folder} has no .h5 file`);
for (const name of files) {
    const bytes = new Uint8Array(fs.readFileSync(path.join(folder, name)));
    const { layers, weights } = check(hdf5.File.open(bytes).read());
    console.log(`${path.parse(name).name.padEnd(16)} netron: ${layers} layers, ${weights} weights`);
}

// The viewer's scripts are modules, which node takes for such only beside a package.json.
async function viewer(source) {
    const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'netron-'));
    try {
        for (const name of ['base.js', 'hdf5.js', 'zip.js']) {
            fs.copyFileSync(path.join(source, name), path.join(copy, name));
        }
        fs.writeFileSync(path.join(copy, 'package.json'), '{ "type": "module" }');
        const load = (name) => import(pathToFileURL(path.join(copy, name)));
        await load('base.js');
        return await load('hdf5.js');
    } finally {
        fs.rmSync(copy, { recursive: true });
    }
}

// The description names the layers that the weights are listed for, and each weight has
// as many single-precision values as its shape says.
function check(root) {
    const config = JSON.parse(root.attributes.get('model_config')).config;
    const group = root.group('model_weights');
    const names = list(group, 'layer_names');
    // Weights follow Keras' order of the layers, the description may have another.
    const described = config.layers.map((layer) => layer.name);
    assert.deepEqual([...names].sort(), described.sort());
    let weights = 0;
    for (const name of names) {
        const layer = group.group(name);
        for (const weight of list(layer, 'weight_names')) {
            const { shape, type, data, littleEndian } = layer.group(weight).value;
            const bytes = data instanceof Uint8Array ? data : data.peek();
            assert.equal(type, 'float32', weight);
            assert.ok(littleEndian, weight);
            assert.equal(bytes.length, shape.reduce((a, b) => a * b, 4), weight);
            weights += 1;
        }
    }
    assert.notEqual(weights, 0);
    return { layers: names.length, weights };
}

// A list of names, which may be in pieces.
function list(group, name) {
    const { attributes } = group;
    if (attributes.has(name)) {
        return attributes.get(name) || [];
    }
    const names = [];
    for (let i = 0; attributes.has(`${name}${i}`); i++) {
        names.push(...attributes.get(`${name}${i}`));
    }
    return names;
}
