//! A bill of materials in CycloneDX 1.6: <https://cyclonedx.org/docs/1.6/json/>.
//!
//! It has no time and no random number, so that the same lock files always give the same file.

use serde_json::{Value, json};

use super::crates::{Crate, Crates, Product};
use super::licence::expression;

pub(super) fn text(product: &Product, crates: &Crates) -> String {
    let own = crates
        .all()
        .find(|one| one.is_own && one.name == product.name)
        .unwrap();
    let component = |one: &Crate| {
        let mut component = json!({
            "type": "library",
            "bom-ref": reference(one),
            "name": one.name,
            "version": one.version,
            "licenses": [{ "expression": expression(&one.licence) }],
            "purl": reference(one),
        });
        if let Some((alg, content)) = &one.hash {
            component["hashes"] = json!([{ "alg": alg, "content": content }]);
        }
        component
    };
    let mut product = component(own);
    product["type"] = json!("application");
    let components: Vec<Value> = crates
        .all()
        .filter(|one| one.name != own.name)
        .map(component)
        .collect();
    let edges: Vec<Value> = crates
        .all()
        .map(|one| {
            let mut needs: Vec<String> = one
                .needs
                .iter()
                .map(|id| reference(crates.get(id)))
                .collect();
            needs.sort();
            json!({ "ref": reference(one), "dependsOn": needs })
        })
        .collect();
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": product },
        "components": components,
        "dependencies": edges,
    });
    format!("{}\n", serde_json::to_string_pretty(&bill).unwrap())
}

/// The address of a package: <https://github.com/package-url/purl-spec>.
fn reference(one: &Crate) -> String {
    let name = one.name.replace('@', "%40");
    format!("pkg:{}/{name}@{}", one.registry, one.version)
}
