//! The pictures of machines in `docs/machines/` are those of the declarations.
//!
//! Where one differs on purpose: `IPAMSPEC_WRITE=pictures cargo test --test pictures` writes them anew.

use std::{fs, path::Path};

use ipamspec::model::{MACHINES, Walk, machine_svg};

#[test]
fn the_pictures_of_the_docs_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/machines");
    let write = std::env::var("IPAMSPEC_WRITE").is_ok_and(|what| what == "pictures");
    let page = fs::read_to_string(folder.join("README.md")).expect("the page of the machines");
    for machine in MACHINES {
        let (path, svg) = (folder.join(format!("{}.svg", machine.name)), machine_svg(machine, &Walk::default()));
        if write {
            fs::write(&path, &svg).expect("docs can be written");
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        let next = "write them anew with `IPAMSPEC_WRITE=pictures cargo test --test pictures`";
        assert!(kept == svg, "{} is not the picture of its machine: {next}", path.display());
        assert!(
            page.contains(&format!("]({}.svg)", machine.name)),
            "docs/machines/README.md does not show {}",
            machine.name
        );
    }
}
